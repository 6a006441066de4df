// Two models run on the same inputs, in float32 and in float64, and what their outputs and streams are apart.

import type { DType } from "../checkpoint/dtype.ts";
import type { Model } from "../families/model.ts";
import { float32 } from "../interpret/float32.ts";
import { float64 } from "../interpret/float64.ts";
import type { ModelInputs } from "../interpret/inputs.ts";
import {
  areCentered,
  compareRuns,
  type Comparison,
  largestOf,
  nothingCompared,
  observedRun,
  type Run,
  worstOf,
} from "./compare.ts";
import type { Runs } from "./coverage.ts";
import { tieOf } from "./limits.ts";

/** What outputs are compared by; of several inputs the worst. */
export interface Measured {
  readonly baseline: Comparison;
  readonly float32: Comparison;
  readonly float64: Comparison;
  readonly unrounded?: Comparison;
  /** Outputs that are not numbers, and all. */
  readonly notNumbers: { readonly expected: number; readonly actual: number; readonly all: number };
  /** Why nothing was compared. */
  readonly cannotRun?: string;
}

function countNotNumbers({ outputs }: Run): number {
  return Object.values(outputs)
    .reduce((sum, { values }) => sum + values.filter((value) => !Number.isFinite(value)).length, 0);
}

/** What is run. */
export interface Compared {
  readonly expected: Model;
  readonly actual: Model;
  /** A source and its conversion before tensors are rounded. */
  readonly pair: readonly [Model, Model] | undefined;
  /** The dtype whose rounding tells them apart. */
  readonly dtype: DType;
  readonly runs: Runs;
}

/** Runs both models on one input. */
async function measureOn(
  inputs: ModelInputs,
  { expected, actual, pair, dtype, runs: { shorten, inSingle } }: Compared,
): Promise<Measured> {
  const how = { centered: areCentered(expected, actual) };
  const inDouble = (model: Model): Promise<Run> =>
    observedRun(float64, shorten(model), inputs, how);
  const single = async (model: Model, right: Run, tie = 0): Promise<Comparison> =>
    inSingle
      ? compareRuns(right, await observedRun(float32(), shorten(model), inputs, how), dtype, tie)
      : nothingCompared;
  const right = await inDouble(expected);
  const stored = await inDouble(actual);
  const baseline = await single(expected, right);
  const tie = tieOf(largestOf(baseline));
  const all = Object.values(right.outputs).reduce((sum, { values }) => sum + values.length, 0);
  const notNumbers = { expected: countNotNumbers(right), actual: countNotNumbers(stored), all };
  const measured = {
    baseline,
    float32: await single(actual, right, tie),
    float64: compareRuns(right, stored, dtype, tie),
    notNumbers,
  };
  if (pair === undefined) return measured;
  const [source, unrounded] = pair;
  const reference = source === expected ? right : await inDouble(source);
  return { ...measured, unrounded: compareRuns(reference, await inDouble(unrounded), dtype, tie) };
}

/** The worst of what was measured on several inputs. */
function united(all: readonly Measured[]): Measured {
  const worst = (of: (one: Measured) => Comparison): Comparison => worstOf(all.map(of));
  const count = (of: keyof Measured["notNumbers"]): number =>
    all.reduce((sum, { notNumbers }) => sum + notNumbers[of], 0);
  return {
    baseline: worst(({ baseline }) => baseline),
    float32: worst(({ float32 }) => float32),
    float64: worst(({ float64 }) => float64),
    ...(all[0]!.unrounded === undefined ? {} : { unrounded: worst(({ unrounded }) => unrounded!) }),
    notNumbers: { expected: count("expected"), actual: count("actual"), all: count("all") },
  };
}

/**
 * Runs both models on all inputs.
 *
 * @param compared The models and the inputs.
 * @returns The worst that was measured.
 * @throws {RangeError} If an input does not fit, or the models do not have the same layers and outputs.
 */
export async function measure(compared: Compared): Promise<Measured> {
  const all: Measured[] = [];
  for (const inputs of compared.runs.inputs) all.push(await measureOn(inputs, compared));
  return united(all);
}
