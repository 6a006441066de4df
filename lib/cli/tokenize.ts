// The tokens of a text file, by the tokenizer that lies beside a model.

import { Tokenizer } from "@huggingface/tokenizers";
import { readJson } from "../platform/json_file.ts";
import type { Config } from "../families/family.ts";
import { readText, type TextOptions } from "../train/text.ts";
import { characterTokenizer } from "../train/tokenizer.ts";

async function readTable(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    return await readJson(path) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
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
  const { characters } = config;
  if (typeof characters === "string") {
    return Array.from(characterTokenizer(characters).encode(text));
  }
  const tokenizer = await readTable(`${model}/tokenizer.json`);
  if (tokenizer === undefined) {
    throw new RangeError(
      `Cannot read --text ${path} as tokens: there is no ${model}/tokenizer.json`,
    );
  }
  const settings = await readTable(`${model}/tokenizer_config.json`) ?? {};
  try {
    return Array.from(new Tokenizer(tokenizer, settings).encode(text).ids);
  } catch (cause) {
    const complaint = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(`Cannot use ${model}/tokenizer.json: ${complaint}`, { cause });
  }
}
