// A claim next to its numbers: a check that prints what was measured and what was predicted, and fails if they differ.

import { requireKeys, requireOptions } from "../core/options.ts";
import { formatNumber } from "../plots/measurements.ts";

/** What a measured number is compared with. */
export type Expectation =
  | {
    /** The predicted number. */
    readonly near: number;
    /** Largest relative difference. */
    readonly rtol?: number;
    /** Largest absolute difference. */
    readonly atol?: number;
  }
  | {
    /** A bound that it must stay under. */
    readonly below: number;
  }
  | {
    /** A bound that it must exceed. */
    readonly above: number;
  };

const digits = (value: number): string => formatNumber(value, 5);

/**
 * Checks a measured number and prints both numbers.
 *
 * @param claim What is claimed, such as `"Eq. 7"`.
 * @param measured The measured number.
 * @param expected What it must be near, below or above.
 * @throws {RangeError} If it is not; the message holds both numbers. If what is expected is not understood.
 */
export function check(claim: string, measured: number, expected: Expectation): void {
  requireExpectation(expected);
  const { ok, text } = compare(measured, expected);
  const line = `${ok ? "✓" : "✗"} ${claim}: ${digits(measured)}, ${text}`;
  if (!ok) throw new RangeError(line);
  console.log(line);
}

/** Requires one of the three ways to expect a number, with finite bounds. */
function requireExpectation(expected: Expectation): void {
  requireKeys("check()", expected, ["near", "rtol", "atol", "below", "above"]);
  const ways = (["near", "below", "above"] as const).filter((way) => way in expected);
  if (ways.length !== 1) {
    throw new RangeError(
      `Cannot check a number that is to be ${
        ways.join(" and ") || "anything"
      }: give one of near, below and above`,
    );
  }
  const [way] = ways;
  const tolerances = way === "near" ? { rtol: "number?", atol: "number?" } as const : {};
  requireOptions<object>("check()", expected, { [way!]: "number", ...tolerances });
}

function compare(measured: number, expected: Expectation): { ok: boolean; text: string } {
  if ("below" in expected) {
    return { ok: measured < expected.below, text: `below ${digits(expected.below)}` };
  }
  if ("above" in expected) {
    return { ok: measured > expected.above, text: `above ${digits(expected.above)}` };
  }
  const { near, rtol = 0, atol = 0 } = expected;
  const allowed = atol + rtol * Math.abs(near);
  return {
    ok: Math.abs(measured - near) <= allowed,
    text: `predicted ${digits(near)} ± ${digits(allowed)}`,
  };
}
