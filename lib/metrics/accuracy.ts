// How many labels are right, with the interval in which the true share lies.

import { requireInteger } from "../core/check.ts";

/** A share of right answers. */
export interface Accuracy {
  /** The share, from 0 to 1. */
  readonly value: number;
  /** The lower end of the 95 % confidence interval. */
  readonly low: number;
  /** The upper end. */
  readonly high: number;
  /** How many answers there are. */
  readonly count: number;
}

/** The place behind which a normal distribution has 2.5 %. */
const z = 1.959963984540054;

/**
 * A share with Wilson's (1927) score interval of 95 %, which stays within 0 and 1 and holds for few answers too.
 *
 * ```
 * (p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) / (1 + z²/n)
 * ```
 *
 * @param right How many answers are right.
 * @param count How many there are, at least one.
 * @returns The share.
 * @throws {RangeError} If one is no such number.
 */
export function shareOfRight(right: number, count: number): Accuracy {
  requireInteger("count", count, { min: 1 });
  requireInteger("right", right, { min: 0, max: count });
  const value = right / count;
  const extra = z * z / count;
  const middle = (value + extra / 2) / (1 + extra);
  const half = z * Math.sqrt(value * (1 - value) / count + extra / (4 * count)) / (1 + extra);
  return {
    value,
    low: right === 0 ? 0 : middle - half,
    high: right === count ? 1 : middle + half,
    count,
  };
}

/**
 * The accuracy of predicted labels.
 *
 * @param predictions The labels that a model gives.
 * @param labels The right ones.
 * @returns The accuracy.
 * @throws {RangeError} If there is none, or their numbers differ.
 */
export function accuracy(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
): Accuracy {
  if (predictions.length !== labels.length) {
    throw new RangeError(
      `Cannot compare ${predictions.length} predictions with ${labels.length} labels: each needs one`,
    );
  }
  let right = 0;
  for (let at = 0; at < labels.length; at++) if (predictions[at] === labels[at]) right++;
  return shareOfRight(right, labels.length);
}
