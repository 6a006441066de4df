// What the embeddings of tokens are multiplied by in a model that was trained with masked tokens as dropout (ESM).

import type { EntryOf } from "../model/interpreter.ts";

/**
 * The factor of each token: 0 of the mask, and of the others what makes up for it.
 *
 * @param ids The tokens.
 * @param masked The mask, and the share that it had in training.
 * @param length How many tokens count, the first ones; all unless given.
 * @returns One factor for each.
 */
export function maskFactors(
  ids: readonly number[] | Int32Array,
  { token, share }: NonNullable<EntryOf<"tokens">["masked"]>,
  length = ids.length,
): number[] {
  const isMask = Array.from(ids, (id) => id === token);
  const found = isMask.filter((one) => one).length / length;
  return isMask.map((one) => one ? 0 : (1 - share) / (1 - found));
}
