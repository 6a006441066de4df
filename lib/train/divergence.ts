// Trainings that go wrong while every number is still finite: a loss that jumps, and the parameter in which its gradient is largest.

import * as tf from "@tensorflow/tfjs";
import { takeNumbers } from "../backend/read.ts";
import { requireInteger, requireNumber, requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { tensorsOf } from "../core/tree.ts";

/** What is done about a training that goes wrong. */
export interface DivergenceSettings {
  /** How many nats a loss may lie above the median of the 16 before it; any number by default. */
  readonly spike?: number;
  /**
   * `stop` ends the run, the default; `return` goes back to the last good state, and on with other batches, up to three times. It needs a
   * folder of states.
   */
  readonly then?: "stop" | "return";
  /** Steps between the states to which a run can go back; 100 by default. */
  readonly every?: number;
}

const kinds: OptionKinds<DivergenceSettings> = {
  spike: "number?",
  then: "string?",
  every: "number?",
};

/** How often a run goes back at the most. */
export const mostReturns = 3;

/** Of how many losses the median is taken. */
export const spikeWindow = 16;

/**
 * Requires settings that can be followed.
 *
 * @param settings The settings.
 * @throws {RangeError} If one is unknown or out of range.
 */
export function requireDivergence(settings: DivergenceSettings = {}): void {
  requireOptions("settings.divergence", settings, kinds);
  requireNumber("divergence.spike", settings.spike ?? 1, { above: 0 });
  requireInteger("divergence.every", settings.every ?? 1, { min: 1 });
  requireOneOf("divergence.then", settings.then ?? "stop", ["stop", "return"]);
}

/**
 * How far apart the states are to which a run may have to go back.
 *
 * @param settings The settings.
 * @param hasStates Whether there are states.
 * @returns The steps between two of them; undefined where the run never goes back.
 * @throws {RangeError} If it may have to, and there are none.
 */
export function stepsToReturn(
  { then, every = 100 }: DivergenceSettings = {},
  hasStates: boolean,
): number | undefined {
  if (then !== "return") return undefined;
  if (hasStates) return every;
  throw new RangeError('Cannot use divergence.then = "return" without states: give their folder');
}

const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
};

/**
 * Whether a loss is a spike.
 *
 * @param before The losses before it; nothing is said until there are as many as the median is taken of.
 * @param loss The loss.
 * @param limit How far it may lie above their median, in nats.
 * @returns A clause on how far it is, or undefined.
 */
export function spikeIn(
  before: readonly number[],
  loss: number,
  limit: number,
): string | undefined {
  if (before.length < spikeWindow) return undefined;
  const middle = median(before);
  const above = loss - middle;
  if (above <= limit) return undefined;
  const [value, more, usual] = [loss, above, middle].map((number) => number.toPrecision(4));
  return `${value}, which is ${more} nats above ${usual}, the median of the ${before.length} before it`;
}

/**
 * Says where a gradient is largest.
 *
 * @param gradient The gradient.
 * @returns A clause such as `in blocks.3.attention.wq`.
 */
export async function largestGradient(gradient: unknown): Promise<string> {
  const leaves = tensorsOf(gradient).filter(({ value }) => value.size > 0);
  const norms = await takeNumbers(
    leaves.map(({ value }) => tf.tidy(() => tf.norm(value).asScalar())),
  );
  const at = norms.reduce((best, norm, i) => norm > norms[best]! ? i : best, 0);
  return `in ${leaves[at]!.path}`;
}
