// Masked language modelling: some tokens of a text, from those on both sides.

import { requireNumber } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";
import { type MaskedTokens, maskTokens } from "../data/masked_tokens.ts";
import { batchOfTokens } from "../decoder/decoder.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { evenBatches, randomBatch } from "../train/batch.ts";
import { ignore, measureGuesses } from "./guesses.ts";
import type { Tokenizer } from "../train/tokenizer.ts";
import type { ModelTokens } from "./model_tokens.ts";
import type { Task } from "./task.ts";
import { factsOfText, type Rows, unigram } from "./texts.ts";

/** How the loss of masked language modelling is made. */
export interface MaskedLmObjective {
  /** The share of tokens that is to be guessed; 0.15 by default. */
  readonly share?: number;
}

/** Which tokens there are, and which of them are never guessed. */
function tokensFor({ vocabulary }: Tokenizer, tokens: ModelTokens | undefined) {
  if (tokens === undefined) return { mask: vocabulary, vocabulary: vocabulary + 1, special: [] };
  const { mask, tokenizer } = tokens;
  if (mask !== undefined) return { mask, vocabulary, special: [...tokenizer.special] };
  throw new RangeError(
    "Cannot train on masked tokens: the model's tokenizer_config.json names no mask_token",
  );
}

/**
 * The task of guessing masked tokens (Devlin et al. 2019): of those chosen eight in ten are masked, one is replaced by any, one stays.
 *
 * Measures: `nats` per chosen token, `accuracy`.
 *
 * @param rows The text, and the length of its rows.
 * @param objective The share of tokens.
 * @returns The task, for encoders; the mask is one token more than the text has, or the model's own.
 * @throws {RangeError} If the share is not between 0 and 1, or a model that is there already has no mask.
 */
export function maskedLanguageModelling(
  { corpus, length, tokens }: Rows,
  objective: MaskedLmObjective = {},
): Task<MaskedTokens> {
  requireOptions("objective", objective, { share: "number?" });
  const share = requireNumber("share", objective.share ?? 0.15, { above: 0, max: 1 });
  const { tokenizer, train, heldOut } = corpus;
  const { mask, vocabulary, special } = tokensFor(tokenizer, tokens);
  const masked = (rows: readonly Int32Array[], random: Random): MaskedTokens =>
    maskTokens(rows, random, { vocabulary, mask, special, share });
  return {
    id: "masked-lm",
    kind: "encoder",
    sizes: { vocabulary, context: length },
    length,
    example: { count: length, unit: "tokens" },
    data: factsOfText(corpus),
    text: { tokenizer, mask },
    baseline: unigram(train, heldOut, tokenizer.vocabulary),
    draw: (part, rows, random) =>
      masked(randomBatch(corpus[part], { rows, length }, random).inputs, random),
    inputs: ({ tokens }) => ({
      inputs: { tokens: batchOfTokens(tokens, { vocabulary, context: length }, 0) },
    }),
    loss: (logits, { labels }) => crossEntropy(logits, labels, { ignore }),
    evaluate: async ({ logits }, size) => {
      const random = new Random(0, "masked-lm");
      const batches = evenBatches(heldOut, { ...size, length });
      return await measureGuesses(batches.map(({ inputs }) => masked(inputs, random)), logits);
    },
  };
}
