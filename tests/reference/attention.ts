/**
 * The softmax of one query's scores under a causal mask in float64, and its gradient.
 * Source: Vaswani et al. 2017, Eq. 1 and §3.2.3.
 *
 * @module
 */
import { softmax } from "./losses.ts";
import { dot, type Row } from "./rows.ts";

/** The softmax of `scale · scores` over the first `visible` keys, 0 at the others. */
export function maskedSoftmax(scores: Row, visible: number, scale: number): number[] {
  const seen = Array.from(scores).slice(0, visible).map((score) => scale * score);
  return [...softmax(seen), ...Array.from({ length: scores.length - visible }, () => 0)];
}

/** The gradient to the scores, given the pattern and the gradient to it. */
export function maskedSoftmaxGrad(pattern: Row, dy: Row, scale: number): number[] {
  const along = dot(pattern, dy);
  return Array.from(pattern, (p, key) => scale * p * (dy[key] as number - along));
}
