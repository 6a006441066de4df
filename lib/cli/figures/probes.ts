// What figures keep of a trained model: a few rows each, so that the runs of a figure stay small.

import { probeAngles } from "../../probes/angles.ts";
import { probeGates, probeGradients } from "../../probes/parameters.ts";
import { probeBranches, probeStream } from "../../probes/stream.ts";
import type { Probe } from "../../train/train.ts";

/** What is known of a trained model, by name. */
export type FigureProbe = "stream" | "branches" | "angles" | "gates" | "w2" | "gradients";

const probes: Readonly<Record<FigureProbe, Probe>> = {
  // after each layer, and the embedding
  stream: async (parameters, config, { inputs }) =>
    (await probeStream(parameters, config, inputs)).filter(({ name }) =>
      name === "blocks.1.resid_pre" || name.endsWith("resid_post")
    ),
  branches: (parameters, config, { inputs }) => probeBranches(parameters, config, inputs),
  angles: (parameters, config, { inputs }) => probeAngles(parameters, config, inputs),
  gates: (parameters, config) => probeGates(parameters, config),
  // the gradient of each feed-forward network's second matrix, which the papers plot
  w2: async (parameters, config, batch) =>
    (await probeGradients(parameters, config, batch)).filter(({ parameter }) =>
      parameter === "feedForward.w2"
    ),
  gradients: (parameters, config, batch) => probeGradients(parameters, config, batch),
};

/**
 * Several probes as one.
 *
 * @param names Which.
 * @returns A probe that gives the rows of all of them, in this order.
 */
export function joinProbes(names: readonly FigureProbe[]): Probe {
  return async (parameters, config, batch) => {
    const rows = [];
    for (const name of names) rows.push(...await probes[name](parameters, config, batch));
    return rows;
  };
}
