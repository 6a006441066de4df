// The probes that fit any run at once, as `train` takes them.

import type { DescribedParameters } from "../decoder/described.ts";
import { type ProbedBatch, type ProbedModel, requireBatch } from "./observe.ts";
import { type AngleRow, probeAngles } from "./angles.ts";
import { type AttentionRow, probeAttention } from "./attention.ts";
import { type GateRow, type GradientRow, probeGates, probeGradients } from "./parameters.ts";
import { type BranchRow, probeBranches, probeStream, type StreamRow } from "./stream.ts";

/** A row of one of them. */
export type ProbeRow = StreamRow | BranchRow | AngleRow | AttentionRow | GradientRow | GateRow;

/**
 * Stream, branches, angles, attention, gradients and gates of a model of any kind on one batch.
 *
 * @param parameters The parameters.
 * @param model A decoder's configuration, or any model's spec.
 * @param batch Rows of token ids and the tokens that follow them, or what a model of any kind reads and its loss.
 * @returns The rows of every probe.
 */
export async function probeAll(
  parameters: DescribedParameters,
  model: ProbedModel,
  batch: ProbedBatch,
): Promise<ProbeRow[]> {
  requireBatch("probeAll()", batch);
  const { inputs } = batch;
  return [
    ...await probeStream(parameters, model, inputs),
    ...await probeBranches(parameters, model, inputs),
    ...await probeAngles(parameters, model, inputs),
    ...await probeAttention(parameters, model, inputs),
    ...await probeGradients(parameters, model, batch),
    ...await probeGates(parameters, model),
  ];
}
