// The choice of a token by its logits: the most likely one, or one drawn from a part of the distribution.

import { requireInteger, requireNumber } from "../core/check.ts";
import type { OptionKinds } from "../core/options.ts";
import type { Random } from "../core/random.ts";

/** How tokens are chosen. */
export interface SamplingOptions {
  /** Divides the logits; below 1 sharpens, 0 takes the most likely token. 1 by default. */
  readonly temperature?: number;
  /** Samples only among the k most likely tokens; all by default. */
  readonly topK?: number;
  /** Samples only among the most likely tokens that together have this probability (nucleus sampling); 1 by default. */
  readonly topP?: number;
}

/** The kinds of these options. */
export const samplingKinds: OptionKinds<SamplingOptions> = {
  temperature: "number?",
  topK: "number?",
  topP: "number?",
};

/** Chooses a token by its logits. */
export type Sampler = (logits: ArrayLike<number>, random: Random) => number;

/**
 * Requires numbers to choose by: among NaN no token is the most likely.
 *
 * @param logits The logits of one token.
 * @param made How many tokens there are already.
 * @throws {RangeError} If one is not finite.
 */
export function requireLogits(logits: ArrayLike<number>, made: number): void {
  const bad = Array.from(logits).findIndex((logit) => !Number.isFinite(logit));
  if (bad >= 0) {
    throw new RangeError(
      `Cannot choose token ${made + 1}: the model's logit of id ${bad} is ${logits[bad]}; ` +
        "its parameters are not finite or too large",
    );
  }
}

/** The most likely tokens, in order, that together have a probability. */
function nucleus(
  order: readonly number[],
  weights: readonly number[],
  topP: number,
): readonly number[] {
  if (topP === 1) return order;
  const wanted = topP * weights.reduce((sum, weight) => sum + weight, 0);
  let reached = 0;
  const end = weights.findIndex((weight) => (reached += weight) >= wanted);
  return end < 0 ? order : order.slice(0, end + 1);
}

/**
 * How tokens are chosen, as a function.
 *
 * Temperature comes first, then the k most likely, then the nucleus of what is left.
 *
 * Source: nucleus sampling: Holtzman et al. 2020 (arXiv 1904.09751), §3.1.
 *
 * @param options Temperature and limits.
 * @param vocabulary The number of tokens.
 * @returns The sampler.
 * @throws {RangeError} If an option is out of range.
 */
export function makeSampler(options: SamplingOptions, vocabulary: number): Sampler {
  const temperature = requireNumber("temperature", options.temperature ?? 1, { min: 0 });
  const topK = requireInteger("topK", options.topK ?? vocabulary, { min: 1 });
  const topP = requireNumber("topP", options.topP ?? 1, { above: 0, max: 1 });
  return (logits, random) => {
    const byLogit = Array.from(logits, (_, id) => id).sort((a, b) => logits[b]! - logits[a]!);
    const order = byLogit.slice(0, topK);
    const best = order[0]!;
    if (temperature === 0) return best;
    const weightOf = (id: number): number => Math.exp((logits[id]! - logits[best]!) / temperature);
    const kept = nucleus(order, order.map(weightOf), topP);
    const weights = kept.map(weightOf);
    let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    const chosen = weights.findIndex((weight) => (left -= weight) < 0);
    return kept[chosen] ?? best;
  };
}
