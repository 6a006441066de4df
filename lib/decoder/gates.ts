// The gates of GPAS among a model's parameters.

import * as tf from "@tensorflow/tfjs";
import { readAll, takeNumbers } from "../backend/read.ts";
import { tensorsOf } from "../core/tree.ts";
import { gateActivations } from "../ops/activations.ts";
import { completeConfig, type DecoderConfig } from "./config.ts";
import type { DecoderParameters } from "./initialization.ts";

/** One gate, read. */
export interface Gate {
  /** Its path, such as `blocks.1.gate`. */
  readonly path: string;
  /** The learned value α. */
  readonly gate: number;
  /** act(α): the stream is multiplied by 1 − act(α). */
  readonly activated: number;
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
 * @param config The configuration.
 * @returns One entry for each gate; none where the variant has no gates.
 */
export async function readGates(
  parameters: DecoderParameters,
  config: DecoderConfig,
): Promise<Gate[]> {
  const { gpas } = completeConfig(config).residual;
  if (gpas === undefined) return [];
  const act = gateActivations[gpas.activation];
  const gates = tensorsOf(parameters).filter(({ path }) => isGate(path));
  const values = await readAll(gates.map(({ value }) => value));
  const activated = await takeNumbers(gates.map(({ value }) => tf.tidy(() => act(value).clone())));
  return gates.map(({ path }, i) => ({ path, gate: values[i]![0]!, activated: activated[i]! }));
}
