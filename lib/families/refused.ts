// Families that are known and not described, with the reason.

import type { RefusedFamily } from "./family.ts";

const sharedLayers =
  "all its layers share the weights of one, and a conversion of one would change all";

const relative = "its attention adds scores of relative positions, which are not described";

const pictures =
  "it reads images and text in one stream, which is not described; its models of text alone (gemma3_text) are";

const narrowNorm =
  "its embeddings are normalized before they are projected into the stream, which is not described";

const families: Readonly<Record<string, readonly (readonly [id: string, label: string])[]>> = {
  [sharedLayers]: [["albert", "ALBERT"]],
  [relative]: [["deberta", "DeBERTa"], ["deberta-v2", "DeBERTa-v2"]],
  [narrowNorm]: [["electra", "ELECTRA"]],
  [pictures]: [["gemma3", "Gemma 3 with images"]],
};

/** ALBERT, DeBERTa, ELECTRA, and Gemma 3 with images. */
export const refusedFamilies: readonly RefusedFamily[] = Object.entries(families).flatMap((
  [refusal, members],
) => members.map(([id, label]) => ({ id, label, refusal })));
