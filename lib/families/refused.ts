// Families that are known and not described, with the reason.

import type { RefusedFamily } from "./family.ts";

const sharedLayers =
  "all its layers share the weights of one, and a conversion of one would change all";

const relative = "its attention adds scores of relative positions, which are not described";

const sinusoids = "its positions are computed, not stored, and such an entry is not described";

const pictures =
  "it reads images and text in one stream, which is not described; its models of text alone (gemma3_text) are";

const postLn =
  "it is Post-LN: its norms stand behind the additions, so the stream itself is normalized and what writes to it " +
  "cannot be centered once and for all";

const families: Readonly<Record<string, readonly (readonly [id: string, label: string])[]>> = {
  [sharedLayers]: [["albert", "ALBERT"]],
  [relative]: [["deberta", "DeBERTa"], ["deberta-v2", "DeBERTa-v2"]],
  [sinusoids]: [["marian", "Marian"]],
  [postLn]: [
    ["bert", "BERT"],
    ["roberta", "RoBERTa"],
    ["xlm-roberta", "XLM-RoBERTa"],
    ["distilbert", "DistilBERT"],
    ["electra", "ELECTRA"],
    ["bart", "BART"],
    ["openai-gpt", "GPT-1"],
  ],
  [pictures]: [["gemma3", "Gemma 3 with images"]],
};

/** ALBERT, DeBERTa, Marian, Post-LN encoders, and Gemma 3 with images. */
export const refusedFamilies: readonly RefusedFamily[] = Object.entries(families).flatMap((
  [refusal, members],
) => members.map(([id, label]) => ({ id, label, refusal })));
