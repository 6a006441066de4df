// Families that are known and cannot be converted, with the reason.

import type { RefusedFamily } from "./family.ts";

const postLn =
  "it is Post-LN: its norms stand behind the additions, so the stream itself is normalized and what writes to it " +
  "cannot be centered once and for all";

const outputNorms =
  "it has norms behind its branches (Sandwich-LN), whose gains keep their output from having mean 0";

const families: Readonly<Record<string, readonly (readonly [id: string, label: string])[]>> = {
  [postLn]: [
    ["bert", "BERT"],
    ["roberta", "RoBERTa"],
    ["xlm-roberta", "XLM-RoBERTa"],
    ["distilbert", "DistilBERT"],
    ["electra", "ELECTRA"],
    ["albert", "ALBERT"],
    ["deberta", "DeBERTa"],
    ["deberta-v2", "DeBERTa-v2"],
    ["bart", "BART"],
    ["marian", "Marian"],
    ["openai-gpt", "GPT-1"],
  ],
  [outputNorms]: [
    ["olmo2", "OLMo-2"],
    ["gemma2", "Gemma 2"],
    ["gemma3", "Gemma 3"],
    ["gemma3_text", "Gemma 3"],
  ],
};

/** BERT and its kin, BART, GPT-1, OLMo-2, Gemma 2 and 3. */
export const refusedFamilies: readonly RefusedFamily[] = Object.entries(families).flatMap((
  [refusal, members],
) => members.map(([id, label]) => ({ id, label, refusal })));
