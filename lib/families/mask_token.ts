// The vector that stands in for patches which a model is to guess. It writes to the stream as they do; what the other heads of such a
// checkpoint give does not depend on it.

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
  const tables: string[] = [];
  const masked = mapStacks(spec, (stack) => {
    const { entry } = stack;
    const table = `${bodyPrefixOf(stack)}embeddings.mask_token`;
    if (entry.kind !== "patches" || !has(table)) return stack;
    tables.push(table);
    return { ...stack, entry: { ...entry, mask: { table } } };
  });
  return tables.length === 0 ? spec : { ...masked, unread: [...spec.unread ?? [], ...tables] };
}
