/**
 * What models are measured by, each by its maintained definition: BLEU and chrF (sacrebleu), word and character error rate (jiwer),
 * accuracy with a confidence interval, perplexity and bits per byte.
 *
 * ```ts
 * import { corpusBleu, wordErrorRate } from "@normkit/normkit/metrics";
 *
 * const [hypotheses, references] = [["The whale is white."], ["The white whale."]];
 * console.log(corpusBleu(hypotheses, [references]).score, wordErrorRate(hypotheses, references));
 * ```
 *
 * @module
 */

export { type Accuracy, accuracy, shareOfRight } from "./accuracy.ts";
export { type Bleu, corpusBleu } from "./bleu.ts";
export { corpusChrf } from "./chrf.ts";
export { characterErrorRate, wordErrorRate } from "./error_rate.ts";
export { bitsPerByte, perplexity } from "./likelihood.ts";
