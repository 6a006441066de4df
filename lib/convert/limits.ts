// How far apart outputs may be. Derived in DESIGN.md, decision 48.

import { type DType, ulp } from "../checkpoint/dtype.ts";

/** What rounding a number to a dtype changes at most, relative to it; 0 of whole numbers. */
export function unitOf(dtype: DType): number {
  return dtype.includes("F") ? ulp(dtype, 1) / 2 : 0;
}

/**
 * The float64 difference above which a conversion, before its tensors are rounded, is wrong: sums in another order differ by 1e-13; by
 * more only of streams that float32 loses, whose mean is a million times their spread.
 */
const exact = 1e-10;

/** What normkit's float32 promises on every backend. */
const float32Promise = 1e-5;

/** What one ε for norms that had several changes at most. */
const otherEps = 1e-4;

/** Roundings that add up on the way to an output: in the median of 1164 conversions two, in 99 of 100 fourteen. */
const roundings = 20;

/** By how much more a model may amplify them; at most 47 were measured. */
const mostAmplified = 5 * roundings;

/** Units of a number that all outputs of a row have in common. */
const roundingsOfOffset = 4;

/** What is allowed of rounding where nothing else is left: every number is what the conversion gives, rounded once. */
const ifIdentical = 10;

/**
 * The distance of outputs that float32 cannot tell apart.
 *
 * @param baseline What the first model's outputs differ by between float32 and float64, relative to their spread.
 */
export function tieOf(baseline: number): number {
  const known = Number.isNaN(baseline) ? Infinity : baseline;
  return roundings * Math.max(unitOf("F32"), Math.min(known, 1e-3));
}

/** What limits depend on. */
export interface Rounding {
  /** The storage dtype of the second model. */
  readonly dtype: DType;
  /** What the first model's outputs differ by between float32 and float64, relative to their spread. */
  readonly baseline: number;
  /** Conversions between the two, after each of which tensors were rounded; at least one is taken. */
  readonly steps: number;
  /** Whether the conversions compute the very function. */
  readonly exact: boolean;
  /** Whether every stored number is that of the conversion done again. */
  readonly identical: boolean;
  /** A limit that replaces all of these. */
  readonly tolerance?: number;
}

/** The largest differences that pass, relative to the spread of the outputs. */
export interface Limits {
  /** In float64, before tensors are rounded. */
  readonly unrounded: number;
  /** In float64, on stored tensors. */
  readonly stored: number;
  /** In float32. */
  readonly single: number;
  /** What each unit of a number that a row has in common adds to `stored`. */
  readonly storedOffset: number;
  /** What each unit of a number that a row has in common adds to `single`. */
  readonly singleOffset: number;
}

/**
 * The limits of a comparison.
 *
 * ```
 * stored  steps · max(20 u, min(2 b u / u₃₂, 100 u)),  u = ½ ulp(1) of the dtype, b the baseline;
 *         ten times that where all stored numbers are identical to those of the conversion done again
 * single  stored + 1e-5 + 2 b
 * unrounded  max(1e-10, 20 b u₆₄ / u₃₂), b at most 1
 * ```
 *
 * @param rounding What they depend on.
 * @returns The limits.
 */
export function limitsOf(rounding: Rounding): Limits {
  const { dtype, baseline, steps, exact: isExact, identical, tolerance } = rounding;
  const [unit, unit32, unit64] = [unitOf(dtype), unitOf("F32"), unitOf("F64")];
  const inDouble = Number.isFinite(baseline) ? Math.min(baseline, 1) * unit64 / unit32 : 0;
  const unrounded = Math.max(exact, roundings * inDouble);
  const known = Number.isNaN(baseline) ? Infinity : baseline;
  if (tolerance !== undefined) {
    const none = { storedOffset: 0, singleOffset: 0 };
    return { unrounded, stored: tolerance, single: tolerance, ...none };
  }
  const times = identical ? ifIdentical : 1;
  const amplified = Math.min(2 * known * unit / unit32, mostAmplified * unit);
  const stored = Math.max(
    times * Math.max(1, steps) * Math.max(roundings * unit, amplified),
    isExact ? unrounded : otherEps,
  );
  const storedOffset = times * roundingsOfOffset * unit;
  return {
    ...{ unrounded, stored, storedOffset },
    single: stored + float32Promise + 2 * known,
    singleOffset: Math.max(storedOffset, times * roundingsOfOffset * unit32),
  };
}
