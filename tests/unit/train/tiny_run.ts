// The smallest run that trains: a text cut so that every training row is the same one, and a model of two layers.

import { makeCorpus, type TrainSettings } from "../../../lib/train/mod.ts";
import type { DecoderParameters } from "../../../lib/decoder/mod.ts";
import { mapTree, tensorsOf } from "../../../lib/core/mod.ts";
import { readAll } from "../../../lib/backend/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";

/** 18 characters, half of them held out: with rows of 8 tokens each half has room for one row only. */
export const oneRow = makeCorpus("the whale the sea.", { name: "one row", heldOutShare: 0.5 });

/** A text with room for many rows. */
export const manyRows = makeCorpus(
  "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse.",
  { name: "many rows", heldOutShare: 0.3 },
);

/** Five steps of AdamW on rows of 8 tokens. */
export const tiny: TrainSettings = {
  model: { context: 8, width: 8, depth: 2, heads: 2 },
  schedule: { kind: "constant", peak: 0.01 },
  seed: 7,
  steps: 5,
  rows: 2,
  evaluationBatches: 1,
};

/** All numbers of a tree, by path. */
export async function numbersByPath(tree: unknown): Promise<Record<string, number[]>> {
  const list = tensorsOf(tree);
  const values = await readAll(list.map(({ value }) => value));
  return Object.fromEntries(list.map(({ path }, i) => [path, Array.from(values[i]!)]));
}

/** The same parameters but for one, which `make` gives; the old one is freed. */
export function replaced(
  parameters: DecoderParameters,
  path: string,
  make: (old: Tensor) => Tensor,
): DecoderParameters {
  return mapTree<DecoderParameters, Tensor>(parameters, (leaf, at) => {
    if (at !== path) return leaf;
    const fresh = make(leaf);
    leaf.dispose();
    return fresh;
  });
}
