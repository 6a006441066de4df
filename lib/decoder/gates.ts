// The gates of GPAS among a model's parameters.

import * as tf from "@tensorflow/tfjs";
import { readAll, takeNumbers } from "../backend/read.ts";
import { tensorsOf } from "../core/tree.ts";
import type { GateActivation } from "../kernels/contract.ts";
import { parametersIn } from "../model/parameters.ts";
import type { ModelSpec } from "../model/spec.ts";
import { gateActivations } from "../ops/activations.ts";
import type { DecoderConfig } from "./config.ts";
import { describedBy, type DescribedDecoder, type DescribedParameters } from "./described.ts";

/** One gate, read. */
export interface Gate {
  /** Its path, such as `blocks.1.gate`. */
  readonly path: string;
  /** The learned value α. */
  readonly gate: number;
  /** act(α): the stream is multiplied by 1 − act(α). */
  readonly activated: number;
  /** act. */
  readonly activation: GateActivation;
}

/**
 * Whether a path names a GPAS gate.
 *
 * @param path A parameter's path, such as `blocks.1.gate`.
 * @returns True for gates.
 */
export function isGate(path: string): boolean {
  return /\.gate(\.\w+)?$/.test(path);
}

/**
 * Reads the gates of a model.
 *
 * @param parameters The parameters.
 * @param config The configuration, or the described decoder.
 * @returns One entry for each gate; none where the variant has no gates.
 */
export async function readGates(
  parameters: DescribedParameters,
  config: DecoderConfig | DescribedDecoder,
): Promise<Gate[]> {
  return await gatesIn(parameters, describedBy(config).spec);
}

/**
 * Reads the gates of any model.
 *
 * @param parameters The parameters: a tree, or tensors by name.
 * @param spec The model.
 * @returns One entry for each gate; none where the variant has no gates.
 */
export async function gatesIn(parameters: unknown, spec: ModelSpec): Promise<Gate[]> {
  const gpas = Object.values(spec.stacks).map(({ residual }) => residual.gpas).find((one) => one);
  if (gpas === undefined) return [];
  const { activation } = gpas;
  const act = gateActivations[activation];
  const kinds = parametersIn(spec);
  const gates = tensorsOf(parameters).filter(({ path }) => kinds.get(path) === "gate");
  const values = await readAll(gates.map(({ value }) => value));
  const activated = await takeNumbers(gates.map(({ value }) => tf.tidy(() => act(value).clone())));
  return gates.map(({ path }, i) => ({
    path,
    gate: values[i]![0]!,
    activated: activated[i]!,
    activation,
  }));
}
