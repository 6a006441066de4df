// The vector that stands in for patches which a model is to guess. It writes to the stream as they do, whether or not it is run.

import { mapStacks, type ModelSpec } from "../model/spec.ts";
import type { Has } from "./family.ts";
import { bodyPrefixOf } from "./heads.ts";

/**
 * A model with the mask token that its checkpoint has.
 *
 * @param spec What the family describes.
 * @param has Whether the checkpoint has a tensor of a name.
 * @returns The same with that token.
 */
export function withMaskToken(spec: ModelSpec, has: Has): ModelSpec {
  return mapStacks(spec, (stack) => {
    const { entry } = stack;
    const table = `${bodyPrefixOf(stack)}embeddings.mask_token`;
    if (entry.kind !== "patches" || !has(table)) return stack;
    return { ...stack, entry: { ...entry, mask: { table } } };
  });
}
