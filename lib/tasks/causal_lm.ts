// Causal language modelling: each token from those before it.

import * as tf from "@tensorflow/tfjs";
import { takeNumbers } from "../backend/read.ts";
import { bitsPerByte } from "../metrics/likelihood.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { type Batch, evenBatches, randomBatch } from "../train/batch.ts";
import { batchOfTokens } from "../decoder/decoder.ts";
import type { Task } from "./task.ts";
import { factsOfText, type Rows, unigram } from "./texts.ts";

/**
 * The task of predicting the next token.
 *
 * Measures: `nats` per token, `bitsPerByte`.
 *
 * @param rows The text, and the length of its rows.
 * @returns The task, for decoders.
 */
export function causalLanguageModelling({ corpus, length }: Rows): Task<Batch> {
  const { tokenizer: { vocabulary }, train, heldOut, bytesPerToken } = corpus;
  const { name, measured } = unigram(train, heldOut, vocabulary);
  const nats = measured["nats"]!;
  return {
    id: "causal-lm",
    kind: "decoder",
    sizes: { vocabulary, context: length },
    length,
    example: { count: length, unit: "tokens" },
    data: factsOfText(corpus),
    text: { tokenizer: corpus.tokenizer },
    baseline: { name, measured: { nats, bitsPerByte: bitsPerByte(nats, bytesPerToken) } },
    draw: (part, rows, random) => randomBatch(corpus[part], { rows, length }, random),
    inputs: ({ inputs }) => ({
      inputs: { tokens: batchOfTokens(inputs, { vocabulary, context: length }, 0) },
    }),
    loss: (logits, { targets }) => crossEntropy(logits, targets),
    evaluate: async ({ logits }, size) => {
      const batches = evenBatches(heldOut, { ...size, length });
      const losses = await takeNumbers(
        batches.map((batch) => tf.tidy(() => crossEntropy(logits(batch), batch.targets))),
      );
      const nats = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
      return { nats, bitsPerByte: bitsPerByte(nats, bytesPerToken) };
    },
  };
}
