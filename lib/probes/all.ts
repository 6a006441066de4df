// The probes that fit any run at once, as `train` takes them.

import { requireOptions } from "../core/options.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { Tokens } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import { type AngleRow, probeAngles } from "./angles.ts";
import { type AttentionRow, probeAttention } from "./attention.ts";
import { type GateRow, type GradientRow, probeGates, probeGradients } from "./parameters.ts";
import { type BranchRow, probeBranches, probeStream, type StreamRow } from "./stream.ts";

/** A row of one of them. */
export type ProbeRow = StreamRow | BranchRow | AngleRow | AttentionRow | GradientRow | GateRow;

/**
 * Stream, branches, angles, attention, gradients and gates of a model on one batch.
 *
 * @param parameters The parameters.
 * @param config The configuration.
 * @param batch Rows of token ids, and the tokens that follow them.
 * @returns The rows of every probe.
 */
export async function probeAll(
  parameters: DecoderParameters,
  config: DecoderConfig,
  batch: { readonly inputs: Tokens; readonly targets: Int32Array },
): Promise<ProbeRow[]> {
  requireOptions("probeAll()", batch, { inputs: "list", targets: "list" });
  return [
    ...await probeStream(parameters, config, batch.inputs),
    ...await probeBranches(parameters, config, batch.inputs),
    ...await probeAngles(parameters, config, batch.inputs),
    ...await probeAttention(parameters, config, batch.inputs),
    ...await probeGradients(parameters, config, batch),
    ...await probeGates(parameters, config),
  ];
}
