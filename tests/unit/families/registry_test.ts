// All families by their type.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { refusedFamilies } from "../../../lib/families/refused.ts";
import { families, findFamily } from "../../../lib/families/registry.ts";

const known = [
  ...["normkit", "gpt2", "opt", "gpt_neox", "gptj", "phi", "bloom", "gpt_neo", "falcon", "mpt"],
  ...["llama", "mistral", "qwen2", "qwen3", "gemma", "olmo", "stablelm"],
  ...["vit", "deit", "dinov2", "dinov2_with_registers", "clip", "whisper"],
];

Deno.test("findFamily() finds every family by its model_type", () => {
  assertEquals(families.map(({ id }) => id), known);
  for (const id of known) assertEquals(findFamily({ model_type: id }).id, id);
});

Deno.test("findFamily() names what it knows where it knows no such type", () => {
  for (const type of ["mamba", undefined]) {
    const { message } = assertThrows(() => findFamily({ model_type: type }), RangeError);
    assertEquals(message, `Cannot use a model of type "${type}": known are ${known.join(", ")}`);
  }
});

const postLn =
  "it is Post-LN: its norms stand behind the additions, so the stream itself is normalized and what writes to it cannot be " +
  "centered once and for all";
const outputNorms =
  "it has norms behind its branches (Sandwich-LN), whose gains keep their output from having mean 0";

const refusals: Readonly<Record<string, readonly [label: string, reason: string]>> = {
  "bert": ["BERT", postLn],
  "roberta": ["RoBERTa", postLn],
  "xlm-roberta": ["XLM-RoBERTa", postLn],
  "distilbert": ["DistilBERT", postLn],
  "electra": ["ELECTRA", postLn],
  "albert": ["ALBERT", postLn],
  "deberta": ["DeBERTa", postLn],
  "deberta-v2": ["DeBERTa-v2", postLn],
  "bart": ["BART", postLn],
  "marian": ["Marian", postLn],
  "openai-gpt": ["GPT-1", postLn],
  "olmo2": ["OLMo-2", outputNorms],
  "gemma2": ["Gemma 2", outputNorms],
  "gemma3": ["Gemma 3", outputNorms],
  "gemma3_text": ["Gemma 3", outputNorms],
};

Deno.test("findFamily() refuses families that are known not to work, and says why", () => {
  assertEquals(refusedFamilies.map(({ id }) => id), Object.keys(refusals));
  for (const [type, [label, reason]] of Object.entries(refusals)) {
    const { message } = assertThrows(() => findFamily({ model_type: type }), RangeError);
    assertEquals(message, `Cannot use a ${label} model: ${reason}`);
  }
});

Deno.test("no family is both known and refused", () => {
  assert(families.every(({ id }) => !Object.hasOwn(refusals, id)));
});
