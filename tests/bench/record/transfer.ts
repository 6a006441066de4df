// What is printed of a contestant that takes a file from one place to another.

import { quartiles, ratios } from "../timing/statistics.ts";

/** A contestant's rounds. */
export interface Transfer {
  /** Its name. */
  readonly name: string;
  /** How the numbers in the file are stored. */
  readonly dtype: string;
  /** The file's size. */
  readonly bytes: number;
  /** Milliseconds of each round. */
  readonly times: readonly number[];
  /** Those of a plain copy. */
  readonly copies: readonly number[];
}

/**
 * A line of results.
 *
 * @param transfer The rounds.
 * @returns Medians with quartiles, and the speed.
 */
export function transferFacts(
  { name, dtype, bytes, times, copies }: Transfer,
): Record<string, unknown> {
  return {
    name,
    dtype,
    megabytes: Math.round(bytes / 1e6),
    rounds: times.length,
    ms: quartiles(times),
    megabytesPerSecond: Math.round(bytes / 1e3 / quartiles(times).median),
    timesTheCopy: quartiles(ratios(times, copies)),
  };
}
