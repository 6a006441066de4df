// BLEU, chrF and error rates are those of sacrebleu and jiwer, of a corpus and of each of its sentences alone.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  characterErrorRate,
  corpusBleu,
  corpusChrf,
  wordErrorRate,
} from "../../lib/metrics/mod.ts";
import golden from "./metrics.json" with { type: "json" };

type Texts = readonly string[];

/** All numbers of some sentences, in the order of the golden file. */
function numbers(hypotheses: Texts, references: Texts, others: Texts): number[] {
  const bleu = corpusBleu(hypotheses, [references]);
  return [
    bleu.score,
    ...bleu.precisions,
    bleu.brevityPenalty,
    corpusChrf(hypotheses, [references]),
    corpusBleu(hypotheses, [references, others]).score,
    corpusChrf(hypotheses, [references, others]),
    wordErrorRate(hypotheses, references),
    characterErrorRate(hypotheses, references),
  ];
}

function assertNumbers(found: readonly number[], expected: readonly number[], of: string): void {
  assertEquals(found.length, expected.length);
  found.forEach((value, at) =>
    assertAlmostEquals(value, expected[at]!, 1e-9, `${of}, number ${at}`)
  );
}

const { hypotheses, references, others, corpus, sentences } = golden;

Deno.test("BLEU, chrF, word and character error rate of 200 sentences are sacrebleu's and jiwer's", () => {
  assertEquals(hypotheses.length, 200);
  assertNumbers(
    numbers(hypotheses, references, others),
    Object.values(corpus).flat(),
    "the corpus",
  );
});

Deno.test("BLEU, chrF, word and character error rate of each sentence alone are sacrebleu's and jiwer's", () => {
  for (const [at, row] of sentences.entries()) {
    const found = numbers([hypotheses[at]!], [references[at]!], [others[at]!]);
    assertNumbers(found, row.flat(), `sentence ${at}`);
  }
});
