// The tokens of a text file, by the tokenizer that lies beside a model.

import { Tokenizer } from "@huggingface/tokenizers";
import { readJson } from "../platform/json_file.ts";
import type { Config } from "../families/family.ts";
import { platform } from "../platform/mod.ts";
import { readText, type TextOptions } from "../train/text.ts";
import { characterTokenizer } from "../train/tokenizer.ts";

async function readTable(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    return await readJson(path) as Record<string, unknown>;
  } catch (error) {
    if (platform.faultOf(error) === "absent") return undefined;
    throw error;
  }
}

/** Text to the tokens of a model and back. */
export interface TextTokenizer {
  /** The tokens of a text. */
  encode(text: string): number[];
  /** The text of tokens. */
  decode(tokens: readonly number[]): string;
}

/**
 * The tokenizer of a model.
 *
 * @param model The folder of a model, with `tokenizer.json`, or a run.
 * @param config The model's configuration; normkit's own names its characters there.
 * @returns The tokenizer.
 * @throws {RangeError} If there is none, or a broken one.
 */
export async function openTokenizer(model: string, { characters }: Config): Promise<TextTokenizer> {
  if (typeof characters === "string") {
    const own = characterTokenizer(characters);
    return { encode: (text) => Array.from(own.encode(text)), decode: (ids) => own.decode(ids) };
  }
  const path = `${model}/tokenizer.json`;
  const table = await readTable(path);
  if (table === undefined) {
    throw new RangeError(`Cannot read text: there is no ${path}; give the numbers of tokens`);
  }
  const settings = await readTable(`${model}/tokenizer_config.json`) ?? {};
  const named = <T>(act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      const complaint = cause instanceof Error ? cause.message : String(cause);
      throw new RangeError(`Cannot use ${path}: ${complaint}`, { cause });
    }
  };
  const own = named(() => new Tokenizer(table, settings));
  return {
    encode: (text) => named(() => Array.from(own.encode(text).ids)),
    decode: (ids) => named(() => own.decode([...ids])),
  };
}

/**
 * The tokens of a text file.
 *
 * @param path The text.
 * @param model The folder of a model, with `tokenizer.json`.
 * @param config The model's configuration; normkit's own names its characters there.
 * @param options The text's encoding, and whether its line ends stay.
 * @returns The tokens.
 * @throws {RangeError} If there is no tokenizer or a broken one, or the file cannot be read as text, or has a character that a model of
 * characters does not know.
 */
export async function tokensOfFile(
  path: string,
  model: string,
  config: Config,
  options: TextOptions,
): Promise<number[]> {
  const text = await readText(path, options);
  return (await openTokenizer(model, config)).encode(text);
}
