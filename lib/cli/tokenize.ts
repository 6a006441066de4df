// The tokens of a text file, by the tokenizer that lies beside a model.

import { modelTokenizer } from "../data/model_tokenizer.ts";
import type { Config } from "../families/family.ts";
import { readText, type TextOptions } from "../train/text.ts";

/** Text to the tokens of a model and back. */
export interface TextTokenizer {
  /** The tokens of a text. */
  encode(text: string): number[];
  /** The text of tokens. */
  decode(tokens: readonly number[]): string;
  /** Tokens that are no part of a text, such as its end. */
  readonly special: ReadonlySet<number>;
}

/**
 * The tokenizer of a model.
 *
 * @param model The folder of a model, with `tokenizer.json`, or a run.
 * @param config The model's configuration; normkit's own names its characters there.
 * @returns The tokenizer.
 * @throws {RangeError} If there is none, or a broken one.
 */
export async function openTokenizer(model: string, config: Config): Promise<TextTokenizer> {
  const { encode, decode, special } = await modelTokenizer(model, config);
  return { encode: (text) => Array.from(encode(text)), decode: (ids) => decode(ids), special };
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
