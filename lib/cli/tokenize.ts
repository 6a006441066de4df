// The tokens of a text file, by the tokenizer that lies beside a model.

import { Tokenizer } from "@huggingface/tokenizers";
import type { Config } from "../families/family.ts";
import { characterTokenizer } from "../train/corpus.ts";
import { UsageError } from "./command.ts";

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UsageError(`Cannot read --text ${path}: there is no such file`);
  }
}

/**
 * The tokens of a text file.
 *
 * @param path The text.
 * @param model The folder of a model, with `tokenizer.json`.
 * @param config The model's configuration; normkit's own names its characters there.
 * @returns The tokens.
 * @throws {UsageError} If there is no such file, or no tokenizer.
 * @throws {RangeError} If the text has a character that a model of characters does not know.
 */
export async function tokensOfFile(path: string, model: string, config: Config): Promise<number[]> {
  const text = await readText(path);
  const { characters } = config;
  if (typeof characters === "string") return [...characterTokenizer(characters).encode(text)];
  const tokenizer = await readJson(`${model}/tokenizer.json`);
  if (tokenizer === undefined) {
    throw new UsageError(
      `Cannot read --text ${path} as tokens: there is no ${model}/tokenizer.json`,
    );
  }
  const settings = await readJson(`${model}/tokenizer_config.json`) ?? {};
  return [...new Tokenizer(tokenizer, settings).encode(text).ids];
}
