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
  /** Distance of outputs that float32 cannot tell apart. */
  readonly tie: number;
}

/**
 * The limits of a comparison.
 *
 * ```
 * stored  steps · max(20 u, min(2 b u / u₃₂, 100 u)),  u = ½ ulp(1) of the dtype, b the baseline
 * single  stored + 1e-5 + 2 b
 * unrounded  max(1e-10, 20 b u₆₄ / u₃₂), b at most 1
 * ```
 *
 * @param rounding What they depend on.
 * @returns The limits.
 */
export function limitsOf({ dtype, baseline, steps, exact: isExact, tolerance }: Rounding): Limits {
  const [unit, unit32, unit64] = [unitOf(dtype), unitOf("F32"), unitOf("F64")];
  const inDouble = Number.isFinite(baseline) ? Math.min(baseline, 1) * unit64 / unit32 : 0;
  const unrounded = Math.max(exact, roundings * inDouble);
  const known = Number.isNaN(baseline) ? Infinity : baseline;
  const tie = roundings * Math.max(unit32, Math.min(known, 1e-3));
  if (tolerance !== undefined) return { unrounded, stored: tolerance, single: tolerance, tie };
  const amplified = Math.min(2 * known * unit / unit32, mostAmplified * unit);
  const stored = Math.max(
    Math.max(1, steps) * Math.max(roundings * unit, amplified),
    isExact ? unrounded : otherEps,
  );
  return { unrounded, stored, single: stored + float32Promise + 2 * known, tie };
}
