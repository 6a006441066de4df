// The tokenizer of a model: the file beside it, or the characters that its configuration names.

import type { Config } from "../families/family.ts";
import { characterTokenizer, type Tokenizer } from "../train/tokenizer.ts";
import { readTokenizer } from "./tokenizer_file.ts";

/** A tokenizer that knows which of its tokens no text has. */
export interface ModelTokenizer extends Tokenizer {
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
export async function modelTokenizer(
  model: string,
  { characters }: Config,
): Promise<ModelTokenizer> {
  if (typeof characters !== "string") return await readTokenizer(model);
  return { ...characterTokenizer(characters), special: new Set() };
}
