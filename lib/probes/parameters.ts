// Parameters, their gradients and their updates, one number each; and the gates of GPAS.

import * as tf from "@tensorflow/tfjs";
import { valueAndGradient } from "../backend/gradient.ts";
import { takeNumbers } from "../backend/read.ts";
import type { Tensor } from "../core/tensor.ts";
import { disposeTree, tensorsOf } from "../core/tree.ts";
import { type DescribedParameters, parted } from "../decoder/described.ts";
import { gatesIn } from "../decoder/gates.ts";
import {
  observedLoss,
  placeOf,
  placesIn,
  type ProbedBatch,
  type ProbedModel,
  specOf,
} from "./observe.ts";

/** The gradient of one parameter. */
export type GradientRow = {
  /** `gradient` */
  readonly kind: "gradient";
  /** Its path, such as `blocks.1.attention.wq`. */
  readonly name: string;
  /** The stack, where the model has several. */
  readonly stack?: string;
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
  /** The stack, where the model has several. */
  readonly stack?: string;
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
  /** The stack, where the model has several. */
  readonly stack?: string;
  /** The layer, from 1. */
  readonly layer: number;
  /** The learned value α. */
  readonly gate: number;
  /** What it multiplies the stream by, 1 − act(α). */
  readonly scale: number;
};

type Named = { name: string; value: Tensor };

function named(parameters: DescribedParameters): Named[] {
  return tensorsOf(parameters).map(({ path, value }) => ({
    name: path,
    value,
  }));
}

const norms = (tensors: readonly Tensor[]): Promise<number[]> =>
  takeNumbers(tensors.map((tensor) => tf.tidy(() => tf.norm(tensor))));

/**
 * The norm of the loss's gradient for every parameter that is trained.
 *
 * @param parameters The parameters.
 * @param model A decoder's configuration, or any model's spec.
 * @param batch Rows of token ids and the tokens that follow them, or what a model of any kind reads and its loss.
 * @returns One row for each parameter.
 */
export async function probeGradients(
  parameters: DescribedParameters,
  model: ProbedModel,
  batch: ProbedBatch,
): Promise<GradientRow[]> {
  const { spec, lossOf } = observedLoss("probeGradients()", model, batch);
  const { trained, frozen } = parted(parameters, spec);
  const { value, gradient } = valueAndGradient(trained, (p) => lossOf({ ...p, ...frozen }));
  value.dispose();
  const places = placesIn(spec);
  const weights = named(trained);
  const gradients = named(gradient);
  try {
    const values = await norms([...gradients, ...weights].map((entry) => entry.value));
    return gradients.map(({ name }, i) => {
      const place = places.get(name) ?? { layer: 0 };
      return {
        kind: "gradient",
        name,
        ...place,
        parameter: place.layer === 0 ? name : name.replace(/^.*?\.\d+\./, ""),
        norm: values[i]!,
        weight: values[i + gradients.length]!,
      };
    });
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
  before: DescribedParameters,
  after: DescribedParameters,
): Promise<UpdateRow[]> {
  const [old, fresh] = [named(before), named(after)];
  const moves = old.map(({ value }, i) => tf.tidy(() => tf.norm(tf.sub(fresh[i]!.value, value))));
  const values = [...await takeNumbers(moves), ...await norms(old.map(({ value }) => value))];
  return old.map(({ name }, i) => ({
    kind: "update",
    name,
    ...placeOf(name),
    ratio: values[i] === 0 ? 0 : values[i]! / values[i + old.length]!,
  }));
}

/**
 * The gates of GPAS.
 *
 * @param parameters The parameters.
 * @param model A decoder's configuration, or any model's spec.
 * @returns One row for each gate; none where the variant has no gates.
 */
export async function probeGates(
  parameters: DescribedParameters,
  model: ProbedModel,
): Promise<GateRow[]> {
  const spec = specOf(model);
  const places = placesIn(spec);
  return (await gatesIn(parameters, spec)).map(({ path, gate, activated }) => (
    { kind: "gate", name: path, ...places.get(path)!, gate, scale: 1 - activated }
  ));
}
