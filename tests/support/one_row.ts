// A text of one row, which is every batch of a training.

import type { Corpus, Tokenizer } from "../../lib/train/mod.ts";

/** A corpus with room for one row, so that every batch is this row. */
export function oneRow(tokens: readonly number[]): Corpus<Tokenizer> {
  const ids = Int32Array.from(tokens);
  const tokenizer = { vocabulary: 40, encode: () => ids, decode: () => "" };
  return { name: "golden", tokenizer, train: ids, heldOut: ids, bytesPerToken: 1 };
}
