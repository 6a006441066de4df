// How far numbers are from what they should be.

import { type DType, ulp } from "../checkpoint/dtype.ts";

/** How far numbers are from what they should be. */
export interface Difference {
  /** The largest absolute difference. */
  readonly maxAbs: number;
  /** The same divided by the largest magnitude of what they should be; of outputs, by their spread. */
  readonly relative: number;
  /** The same in units in the last place of the storage dtype, at that magnitude. */
  readonly ulp: number;
}

/**
 * How far numbers are apart.
 *
 * @param expected What they should be.
 * @param actual What they are; of the same length.
 * @param dtype The storage dtype of the parameters.
 * @returns The difference; NaN or infinity where either has such.
 */
export function differenceOf(
  expected: Float64Array,
  actual: Float64Array,
  dtype: DType,
): Difference {
  let [maxAbs, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(expected[i]! - actual[i]!);
    if (!(apart <= maxAbs)) maxAbs = apart; // NaN stays
    if (Number.isNaN(maxAbs)) break;
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  const scale = largest === 0 ? 1 : largest;
  return { maxAbs, relative: maxAbs / scale, ulp: maxAbs / ulp(dtype, scale) };
}
