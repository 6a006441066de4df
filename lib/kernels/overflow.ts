// Where single precision ends, for backends that take sums in double precision: results are to be the same on all of them.

/**
 * A number as far as single precision holds one of its size.
 *
 * @param value The number, in double precision.
 * @returns The number, or ±∞ where it would be that in single precision.
 */
export function held(value: number): number {
  const single = Math.fround(value);
  return Number.isFinite(single) ? value : single;
}
