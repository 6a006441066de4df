// How well a language model predicts a text: its mean loss per token.

import { requireInteger } from "../core/check.ts";
import { logSum } from "../core/log_sum.ts";
import type { Values } from "./inputs.ts";

/**
 * The mean loss of predicting each token from those before it. Its exponential is the perplexity.
 *
 * ```
 * loss = 1/(T − 1) Σ_t log Σ_v exp(logits[t, v]) − logits[t, tokens[t + 1]]
 * ```
 *
 * Units: nats.
 *
 * @param logits [T, V]: row t predicts token t + 1; the last row is not read.
 * @param tokens The T tokens, at least two.
 * @returns The loss.
 * @throws {RangeError} If there are not as many rows as tokens, fewer than two, or a token is not in [0, V).
 */
export function nextTokenLoss({ shape, values }: Values, tokens: readonly number[]): number {
  const [length = 0, vocabulary = 0] = shape;
  if (shape.length !== 2 || length !== tokens.length || length < 2) {
    throw new RangeError(
      `Cannot score ${tokens.length} tokens with logits of shape [${shape.join(", ")}]: ` +
        `they must be [tokens, vocabulary] of at least two tokens`,
    );
  }
  const losses = tokens.slice(1).map((token, t) => {
    requireInteger("token", token, { min: 0, max: vocabulary - 1 });
    const row = values.subarray(t * vocabulary, (t + 1) * vocabulary);
    return logSum(row) - row[token]!;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
