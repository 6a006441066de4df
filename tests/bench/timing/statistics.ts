// Medians with quartiles, of times and of ratios. A ratio is taken within a round, where both sides saw the same machine, and
// only then summarized.

/** A median with its quartiles. */
export interface Quartiles {
  /** The middle. */
  readonly median: number;
  /** A quarter lies below. */
  readonly low: number;
  /** A quarter lies above. */
  readonly high: number;
}

function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at % 1);
}

/**
 * The median and the quartiles.
 *
 * @param values At least one number.
 * @returns The three, at four significant digits.
 */
export function quartiles(values: readonly number[]): Quartiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number): number => Number(quantile(sorted, q).toPrecision(4));
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/**
 * The ratio of two series, round by round.
 *
 * @param over Times of the rounds.
 * @param under Times of the same rounds.
 * @returns One ratio for each round.
 */
export function ratios(over: readonly number[], under: readonly number[]): number[] {
  return over.map((value, round) => value / under[round]!);
}
