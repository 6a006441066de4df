// What sweeps keep of a trained model: a few rows each, so that the runs of a figure stay small.

import { probeAngles } from "../probes/angles.ts";
import { probeInputs, probeNorms } from "../probes/inputs.ts";
import { watchOutput } from "../probes/output.ts";
import { probeGates, probeGradients } from "../probes/parameters.ts";
import { probeRemoval } from "../probes/removal.ts";
import { probeStream } from "../probes/stream.ts";
import type { Probe } from "../train/train.ts";

/** What is looked at, by name. */
export type CellProbe =
  | "stream"
  | "angles"
  | "gates"
  | "w2"
  | "inputs"
  | "removal"
  | "norms"
  | "output";

/** Each makes a probe for one run, since some remember. */
const probes: Readonly<Record<CellProbe, () => Probe>> = {
  // after each layer, and the embedding
  stream: () => async (parameters, config, { inputs }) =>
    (await probeStream(parameters, config, inputs)).filter(({ name }) =>
      name === "blocks.1.resid_pre" || name.endsWith("resid_post")
    ),
  angles: () => (parameters, config, { inputs }) => probeAngles(parameters, config, inputs),
  gates: () => (parameters, config) => probeGates(parameters, config),
  // the gradient of each feed-forward network's second matrix, which the papers plot
  w2: () => async (parameters, config, batch) =>
    (await probeGradients(parameters, config, batch)).filter(({ parameter }) =>
      parameter === "feedForward.w2"
    ),
  inputs: () => (parameters, config, { inputs }) => probeInputs(parameters, config, inputs),
  removal: () => (parameters, config, batch) => probeRemoval(parameters, config, batch),
  norms: () => (parameters, config, { inputs }) => probeNorms(parameters, config, inputs),
  output: () => {
    const watch = watchOutput();
    return (parameters, config, { inputs }) => watch(parameters, config, inputs);
  },
};

/** Those that remember what they saw before: a run that is gone on with in another process would see something else. */
const remembering: readonly CellProbe[] = ["output"];

/**
 * Whether a run with some probes is the same where it is gone on with in another process.
 *
 * @param names Which.
 * @returns Whether none of them remembers.
 */
export const canResume = (names: readonly CellProbe[]): boolean =>
  !names.some((name) => remembering.includes(name));

/** The probes that a sweep's file may name. */
export const probeNames: readonly CellProbe[] = (Object.keys(probes) as CellProbe[])
  .filter((name) => canResume([name]));

/**
 * Several probes as one, for one run.
 *
 * @param names Which.
 * @returns A probe that gives the rows of all of them, in this order.
 */
export function joinProbes(names: readonly CellProbe[]): Probe {
  const joined = names.map((name) => probes[name]());
  return async (parameters, config, batch) => {
    const rows = [];
    for (const probe of joined) rows.push(await probe(parameters, config, batch));
    return rows.flat();
  };
}
