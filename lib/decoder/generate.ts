// Sampling from a decoder, token by token.

import * as tf from "@tensorflow/tfjs";
import { requireInteger, requireNumber } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";
import { readAll } from "../backend/read.ts";
import { completeConfig, type DecoderConfig } from "./config.ts";
import { decoder } from "./decoder.ts";
import type { DecoderParameters } from "./start.ts";

/** Options of {@linkcode generate}. */
export interface GenerateOptions {
  /** How many tokens to make. */
  readonly tokens: number;
  /** Divides the logits; below 1 sharpens, 0 takes the most likely token. 1 by default. */
  readonly temperature?: number;
  /** Samples only among the k most likely tokens; all by default. */
  readonly topK?: number;
  /** Seed of the samples; 0 by default. */
  readonly seed?: number;
  /** Stops early. */
  readonly signal?: AbortSignal;
}

/** Requires numbers to choose by: among NaN no token is the most likely. */
function requireLogits(logits: ArrayLike<number>, made: number): void {
  const bad = Array.from(logits).findIndex((logit) => !Number.isFinite(logit));
  if (bad >= 0) {
    throw new RangeError(
      `Cannot choose token ${made + 1}: the model's logit of id ${bad} is ${logits[bad]}; ` +
        "its parameters are not finite or too large",
    );
  }
}

/** One draw from softmax(logits / temperature) among the k largest. */
function sample(
  logits: ArrayLike<number>,
  temperature: number,
  topK: number,
  random: Random,
): number {
  const order = Array.from(logits, (_, id) => id).sort((a, b) => logits[b]! - logits[a]!).slice(
    0,
    topK,
  );
  const best = order[0]!;
  if (temperature === 0) return best;
  const weights = order.map((id) => Math.exp((logits[id]! - logits[best]!) / temperature));
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const chosen = weights.findIndex((weight) => (left -= weight) < 0);
  return order[chosen] ?? best;
}

/**
 * Tokens that follow a prompt, one at a time as they are made.
 *
 * A prompt longer than the context is read from its end.
 *
 * @param parameters The parameters of a decoder.
 * @param config Its configuration.
 * @param prompt Token ids to start from, at least one.
 * @param options How many, and how they are drawn.
 * @returns The tokens, as an asynchronous stream.
 * @throws {RangeError} If the prompt is empty, a token is outside the vocabulary, an option is out of range, or a logit is not
 * finite.
 */
export async function* generate(
  parameters: DecoderParameters,
  config: DecoderConfig,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
): AsyncGenerator<number, void, void> {
  requireOptions("generate()", options, {
    tokens: "number",
    temperature: "number?",
    topK: "number?",
    seed: "number?",
    signal: "signal?",
  });
  const { vocabulary, context } = completeConfig(config);
  const count = requireInteger("tokens", options.tokens, { min: 0 });
  const temperature = requireNumber("temperature", options.temperature ?? 1, { min: 0 });
  const topK = requireInteger("topK", options.topK ?? vocabulary, { min: 1 });
  const random = new Random(options.seed ?? 0, "/generate");
  const tokens = Array.from(prompt).slice(-context); // what is further back is not seen, nor kept
  for (let made = 0; made < count; made++) {
    if (options.signal?.aborted === true) return;
    const last = tf.tidy(() => {
      const logits = decoder(parameters, config, [tokens]);
      return tf.slice(logits, [0, logits.shape[1]! - 1, 0], [1, 1, vocabulary]);
    });
    try {
      const [logits] = await readAll([last]);
      requireLogits(logits!, made);
      tokens.push(sample(logits!, temperature, topK, random));
      if (tokens.length > context) tokens.shift();
    } finally {
      last.dispose();
    }
    yield tokens.at(-1)!;
  }
}
