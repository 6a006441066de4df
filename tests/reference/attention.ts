/**
 * Attention in float64 and its gradient, by the pattern: of one query's scores, and of a head.
 * Source: Vaswani et al. 2017, Eq. 1 and §3.2.3.
 *
 * @module
 */
import { softmax } from "./losses.ts";
import { dot, matmul, type Row, type Rows, sum, transpose } from "./rows.ts";

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

/** A head: queries [T][K], keys and values [S][K]. */
export interface Head {
  readonly q: Rows;
  readonly k: Rows;
  readonly v: Rows;
}

/** How a head mixes: `sees(i, j)` says whether query i sees key j. */
export interface HeadOptions {
  readonly scale: number;
  sees(i: number, j: number): boolean;
}

/** The scores of each query against the keys that it sees, with the keys' numbers. */
function seenScores(
  { q, k }: Head,
  { scale, sees }: HeadOptions,
): { j: number; score: number }[][] {
  return q.map((query, i) =>
    k.flatMap((key, j) => sees(i, j) ? [{ j, score: scale * dot(query, key) }] : [])
  );
}

/** The pattern [T][S]: of each query's scores the softmax over the keys that it sees, 0 at the others. */
function patternOf(head: Head, options: HeadOptions): number[][] {
  return seenScores(head, options).map((seen) => {
    const pattern = head.k.map(() => 0);
    const shares = softmax(seen.map(({ score }) => score));
    seen.forEach(({ j }, at) => pattern[j] = shares[at]!);
    return pattern;
  });
}

/** The mix of values of each query [T][K], and log Σ exp of the scores that it sees, 0 where it sees none. */
export function attendHead(
  head: Head,
  options: HeadOptions,
): { readonly y: number[][]; readonly logSumExp: number[] } {
  const logSumExp = seenScores(head, options).map((seen) => {
    const highest = Math.max(...seen.map(({ score }) => score));
    const total = sum(seen.map(({ score }) => Math.exp(score - highest)));
    return seen.length === 0 ? 0 : highest + Math.log(total);
  });
  return { y: matmul(patternOf(head, options), head.v), logSumExp };
}

/** The gradients to queries, keys and values, given that to y. */
export function attendHeadGrad(head: Head, dy: Rows, options: HeadOptions): Head {
  const pattern = patternOf(head, options);
  const dPattern = matmul(dy, transpose(head.v));
  const dScores = pattern.map((shares, i) =>
    maskedSoftmaxGrad(shares, dPattern[i]!, options.scale)
  );
  return {
    q: matmul(dScores, head.k),
    k: matmul(transpose(dScores), head.q),
    v: matmul(transpose(pattern), dy),
  };
}
