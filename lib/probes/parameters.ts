// Parameters, their gradients and their updates, one number each; and the gates of GPAS.

import * as tf from "@tensorflow/tfjs";
import { valueAndGradient } from "../backend/gradient.ts";
import { requireOptions } from "../core/options.ts";
import { takeNumbers } from "../backend/read.ts";
import type { Tensor } from "../core/tensor.ts";
import { disposeTree, tensorsOf } from "../core/tree.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import { readGates } from "../decoder/gates.ts";
import { decoder, type Tokens } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { layerOf } from "./observe.ts";

/** The gradient of one parameter. */
export type GradientRow = {
  /** `gradient` */
  readonly kind: "gradient";
  /** Its path, such as `blocks.1.attention.wq`. */
  readonly name: string;
  /** The layer, from 1; 0 outside the blocks. */
  readonly layer: number;
  /** The path inside its layer, such as `attention.wq`. */
  readonly parameter: string;
  /** Frobenius norm of the gradient. */
  readonly norm: number;
  /** Frobenius norm of the parameter. */
  readonly weight: number;
};

/** The last update of one parameter. */
export type UpdateRow = {
  /** `update` */
  readonly kind: "update";
  /** Its path. */
  readonly name: string;
  /** The layer, from 1; 0 outside the blocks. */
  readonly layer: number;
  /** ‖new − old‖ / ‖old‖; infinite where a parameter left 0. */
  readonly ratio: number;
};

/** One gate of GPAS. */
export type GateRow = {
  /** `gate` */
  readonly kind: "gate";
  /** Its path, such as `blocks.1.gate`. */
  readonly name: string;
  /** The layer, from 1. */
  readonly layer: number;
  /** The learned value α. */
  readonly gate: number;
  /** What it multiplies the stream by, 1 − act(α). */
  readonly scale: number;
};

type Named = { name: string; value: Tensor };

function named(parameters: DecoderParameters): Named[] {
  return tensorsOf(parameters).map(({ path, value }) => ({
    name: path,
    value,
  }));
}

const norms = (tensors: readonly Tensor[]): Promise<number[]> =>
  takeNumbers(tensors.map((tensor) => tf.tidy(() => tf.norm(tensor))));

/**
 * The norm of the loss's gradient for every parameter.
 *
 * @param parameters The parameters.
 * @param config The configuration.
 * @param batch Rows of token ids, and the tokens that follow them.
 * @returns One row for each parameter.
 */
export async function probeGradients(
  parameters: DecoderParameters,
  config: DecoderConfig,
  batch: { readonly inputs: Tokens; readonly targets: Int32Array },
): Promise<GradientRow[]> {
  requireOptions("probeGradients()", batch, { inputs: "list", targets: "list" });
  const { value, gradient } = valueAndGradient(
    parameters,
    (p) => crossEntropy(decoder(p, config, batch.inputs), batch.targets),
  );
  value.dispose();
  const weights = named(parameters);
  const gradients = named(gradient);
  try {
    const values = await norms([...gradients, ...weights].map((entry) => entry.value));
    return gradients.map(({ name }, i) => ({
      kind: "gradient",
      name,
      layer: layerOf(name),
      parameter: name.replace(/^blocks\.\d+\./, ""),
      norm: values[i]!,
      weight: values[i + gradients.length]!,
    }));
  } finally {
    disposeTree(gradient);
  }
}

/**
 * How far each parameter moved, relative to its size.
 *
 * @param before The parameters before a step.
 * @param after The parameters after it.
 * @returns One row for each parameter.
 */
export async function probeUpdates(
  before: DecoderParameters,
  after: DecoderParameters,
): Promise<UpdateRow[]> {
  const [old, fresh] = [named(before), named(after)];
  const moves = old.map(({ value }, i) => tf.tidy(() => tf.norm(tf.sub(fresh[i]!.value, value))));
  const values = [...await takeNumbers(moves), ...await norms(old.map(({ value }) => value))];
  return old.map(({ name }, i) => ({
    kind: "update",
    name,
    layer: layerOf(name),
    ratio: values[i] === 0 ? 0 : values[i]! / values[i + old.length]!,
  }));
}

/**
 * The gates of GPAS.
 *
 * @param parameters The parameters.
 * @param config The configuration.
 * @returns One row for each gate; none where the variant has no gates.
 */
export async function probeGates(
  parameters: DecoderParameters,
  config: DecoderConfig,
): Promise<GateRow[]> {
  return (await readGates(parameters, config)).map(({ path, gate, activated }) => (
    { kind: "gate", name: path, layer: layerOf(path), gate, scale: 1 - activated }
  ));
}
