// How far the outputs of two models are apart: as they are, as distributions, on the average, and in what they would choose.

import { type DType, ulp } from "../checkpoint/dtype.ts";
import { logSum } from "../core/log_sum.ts";
import type { Values } from "../interpret/inputs.ts";
import type { Difference } from "./difference.ts";

/** Outputs compared. Its `relative` is divided by their spread, so that a number which all have in common hides nothing. */
export interface OutputDifference extends Difference {
  /** The largest distance of an expected number from the mean of its row; their largest magnitude where rows are constant. */
  readonly spread: number;
  /** The root mean square of those distances; 0 where rows are constant. */
  readonly deviation: number;
  /** The largest expected magnitude, divided by the spread: what all numbers of a row have in common takes digits away. */
  readonly offset: number;
  /** The squares of all differences, divided by those of the distances from the means of rows. */
  readonly nmse: number;
  /** Of logits: the largest difference of a log-probability, divided by the spread. */
  readonly logProbability?: number;
  /** Of logits: the Kullback–Leibler divergence of the distributions, the mean over rows, in nats. */
  readonly kl?: number;
}

/** Rows whose largest number stands at the same place. */
export interface Agreement {
  /** Those rows, and rows in which the two places hold equal numbers but for rounding. */
  readonly agreeing: number;
  /** How many rows were compared. */
  readonly rows: number;
}

/** The rows of outputs; a number alone is a row. */
function* rowsIn({ shape, values }: Values): Generator<Float64Array> {
  const width = shape.at(-1) ?? 1;
  for (let at = 0; at < values.length; at += width) yield values.subarray(at, at + width);
}

function meanOf(row: Float64Array): number {
  let total = 0;
  for (let i = 0; i < row.length; i++) total += row[i]!;
  return total / row.length;
}

/** The larger number; NaN where either is none. */
const larger = (a: number, b: number): number => b > a || Number.isNaN(b) ? b : a;

/** What the distances from the means of rows come to. */
function spreadOf(expected: Values): { largest: number; spread: number; deviation: number } {
  let [largest, spread, squares] = [0, 0, 0];
  for (const row of rowsIn(expected)) {
    const mean = row.length > 1 ? meanOf(row) : 0;
    for (let i = 0; i < row.length; i++) {
      const [size, distance] = [Math.abs(row[i]!), Math.abs(row[i]! - mean)];
      if (size > largest) largest = size;
      if (distance > spread) spread = distance;
      squares += distance ** 2;
    }
  }
  // a mean rounds: what is left of equal numbers is no spread
  return spread > 1e-12 * largest
    ? { largest, spread, deviation: Math.sqrt(squares / expected.values.length) }
    : { largest, spread: largest || 1, deviation: 0 };
}

/** The distributions of two rows of logits compared. */
function distributions(expected: Float64Array, actual: Float64Array): { most: number; kl: number } {
  const [right, other] = [logSum(expected), logSum(actual)];
  let [most, kl] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const log = expected[i]! - right;
    const apart = log - (actual[i]! - other);
    most = larger(most, Math.abs(apart));
    kl += Math.exp(log) * apart;
  }
  return { most, kl: Math.abs(kl) };
}

/**
 * Compares the outputs of two models.
 *
 * @param name What they are called; those that end in `logits` are distributions as well.
 * @param expected What they should be, [..., rows, numbers].
 * @param actual What they are, of the same shape.
 * @param dtype The storage dtype of the parameters.
 * @returns The difference; NaN where either has such or infinity.
 */
export function outputDifference(
  name: string,
  expected: Values,
  actual: Values,
  dtype: DType,
): OutputDifference {
  const { largest, spread, deviation } = spreadOf(expected);
  const isDistribution = name.endsWith("logits") && (expected.shape.at(-1) ?? 1) > 1;
  const others = rowsIn(actual);
  let [maxAbs, errors, most, kl, rows] = [0, 0, 0, 0, 0];
  for (const row of rowsIn(expected)) {
    const other = others.next().value!;
    rows++;
    for (let i = 0; i < row.length; i++) {
      const apart = Math.abs(row[i]! - other[i]!);
      maxAbs = larger(maxAbs, apart);
      errors += apart ** 2;
    }
    if (!isDistribution) continue;
    const found = distributions(row, other);
    most = larger(most, found.most);
    kl += found.kl;
  }
  return {
    maxAbs,
    relative: maxAbs / spread,
    ulp: maxAbs / ulp(dtype, largest === 0 ? 1 : largest),
    spread,
    deviation,
    offset: largest / spread,
    nmse: errors / expected.values.length / (deviation || spread) ** 2,
    ...(isDistribution ? { logProbability: most / spread, kl: kl / rows } : {}),
  };
}

/** Where the largest number stands. */
function largestAt(row: Float64Array): number {
  return row.reduce((best, value, at) => value > row[best]! ? at : best, 0);
}

/**
 * Counts the rows in which two models choose the same.
 *
 * @param expected What one gives.
 * @param actual What the other gives.
 * @param tie Numbers of a row that are no farther apart than this are equal but for rounding.
 * @returns How many rows agree, and all.
 */
export function agreementOf(expected: Values, actual: Values, tie: number): Agreement {
  const others = rowsIn(actual);
  let [agreeing, rows] = [0, 0];
  for (const row of rowsIn(expected)) {
    const [here, there] = [largestAt(row), largestAt(others.next().value!)];
    rows++;
    if (here === there || row[here]! - row[there]! <= tie) agreeing++;
  }
  return { agreeing, rows };
}
