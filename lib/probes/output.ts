// How far a model's output has moved since it was first seen.

import { takeAll } from "../backend/read.ts";
import type { DescribedParameters } from "../decoder/described.ts";
import { average, observed, outputsOf, type ProbedInputs, type ProbedModel } from "./observe.ts";

/** The distance of the output from the first one. */
export type OutputRow = {
  /** `output` */
  readonly kind: "output";
  /** Root mean square over logits, or all numbers of the outputs, of F(θ_now) − F(θ_first). */
  readonly change: number;
};

/** Looks at the output and compares it with the first that it saw. */
export type OutputWatch = (
  parameters: DescribedParameters,
  model: ProbedModel,
  inputs: ProbedInputs,
) => Promise<OutputRow[]>;

/**
 * A probe that remembers: the model's accumulated update ΔF. It keeps numbers, no tensor.
 *
 * Source: Wang et al. 2022 (DeepNet), Fig. 4a.
 *
 * @returns The probe, which wants the same inputs each time; its first row has a change of 0.
 */
export function watchOutput(): OutputWatch {
  let first: readonly number[] | undefined;
  return async (parameters, model, inputs) => {
    const outputs = Object.values(outputsOf(parameters, observed(model, inputs)));
    const now = (await takeAll(outputs)).flatMap((values) => [...values]);
    const before = first ??= now;
    const squares = now.map((value, i) => (value - before[i]!) ** 2);
    return [{ kind: "output", change: Math.sqrt(average(squares)) }];
  };
}
