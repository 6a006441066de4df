// The options of the layers: those of every layer of tfjs, those of its normalization, and their checks.

import * as tf from "@tensorflow/tfjs";
import { requireEps, requireInteger, requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireObject, requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { refuseOtherCopy } from "./other_copy.ts";
import type { DataType } from "./tfjs_types.ts";

/** Options that every layer of tfjs has. */
export interface TfjsLayerOptions {
  /** The layer's name, unique in a model; made of the class and a number by default. */
  readonly name?: string;
  /** Whether training changes the weights; true by default. */
  readonly trainable?: boolean;
  /** For the first layer of a model: the shape of one input, without the batch. */
  readonly inputShape?: readonly (number | null)[];
  /** For the first layer of a model: the shape of the input with the batch, `null` where a length is open. */
  readonly batchInputShape?: readonly (number | null)[];
  /** The length of the batch in `inputShape`; open by default. */
  readonly batchSize?: number;
  /** The dtype of the first layer's input; float32 by default. */
  readonly dtype?: DataType;
  /** What older files call `dtype`. */
  readonly inputDType?: DataType;
  /** What the weights start from, in the order of `getWeights()`. */
  readonly weights?: readonly Tensor[];
}

/** How a weight starts: a name such as `"ones"`, what `tf.initializers` makes, or the form in which a file has it. */
export type Initializer = string | object;

/** What of a weight is added to the loss: `"l1l2"`, what `tf.regularizers` makes, or the form in which a file has it. */
export type Regularizer = string | object;

/** Options of a normalization, those of `tf.layers.layerNormalization`; γ multiplies the normalized values and β is added. */
export interface NormalizationOptions extends TfjsLayerOptions {
  /** The axis or axes that are normalized; −1, the last one, by default. */
  readonly axis?: number | readonly number[];
  /** ε inside the root. */
  readonly epsilon?: number;
  /** Whether there is a β. */
  readonly center?: boolean;
  /** Whether there is a γ; true by default. */
  readonly scale?: boolean;
  /** How β starts; `"zeros"` by default. */
  readonly betaInitializer?: Initializer;
  /** How γ starts; `"ones"` by default. */
  readonly gammaInitializer?: Initializer;
  /** What of β is added to the loss. */
  readonly betaRegularizer?: Regularizer;
  /** What of γ is added to the loss. */
  readonly gammaRegularizer?: Regularizer;
}

/** What every layer takes. */
export const layerKinds: OptionKinds<TfjsLayerOptions> = {
  name: "string?",
  trainable: "boolean?",
  inputShape: "list?",
  batchInputShape: "list?",
  batchSize: "number?",
  dtype: "string?",
  inputDType: "string?",
  weights: "list?",
};

/** What a normalization takes. */
export const normalizationKinds: OptionKinds<NormalizationOptions> = {
  ...layerKinds,
  axis: "any?",
  epsilon: "number?",
  center: "boolean?",
  scale: "boolean?",
  betaInitializer: "any?",
  gammaInitializer: "any?",
  betaRegularizer: "any?",
  gammaRegularizer: "any?",
};

/** What can be meant by a name; tfjs's own names, of which some need numbers besides. */
const names = {
  Initializer: Object.keys(tf.initializers).filter((name) => name !== "constant"),
  Regularizer: ["l1l2"],
} as const;

/** Requires a name that tfjs knows, of its own or of a registered class, or an object. */
function requireIdentifier(option: string, value: unknown): void {
  const kind = option.replace(/^(?:beta|gamma)/, "") as keyof typeof names;
  if (typeof value === "object" || value === undefined) return;
  if (typeof value === "string" && registeredClasses().has(value)) return;
  requireOneOf(option, value as string, names[kind]);
}

const registeredClasses = (): Set<string> =>
  new Set(Object.keys(tf.serialization.SerializationMap.getMap().classNameMap));

function requireAxis(axis: unknown): void {
  const list: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (list.length === 0) {
    throw new RangeError("Cannot use axis = []: it must name at least one axis");
  }
  for (const one of list) requireInteger("axis", one as number);
}

/**
 * The options of a layer as they were meant: a file has `null` where an option is absent, and tfjs adds `customObjects`.
 *
 * @param of Whose options they are, such as `LayerNormalization`.
 * @param options The options.
 * @returns Those that are given.
 * @throws {RangeError} If they are no object.
 */
export function givenOptions<T extends object>(of: string, options: T): T {
  requireObject(of, options);
  const entries = Object.entries(options);
  return Object.fromEntries(
    entries.filter(([key, value]) => value !== null && key !== "customObjects"),
  ) as T;
}

/**
 * Checks the options of a normalization.
 *
 * @param of Whose options they are, such as `LayerNormalization`.
 * @param options The options, without those that are null.
 * @throws {RangeError} If an option is unknown or cannot be used.
 */
export function requireNormalizationOptions(of: string, options: NormalizationOptions): void {
  requireOptions(of, options, normalizationKinds);
  if (options.axis !== undefined) requireAxis(options.axis);
  if (options.epsilon !== undefined) requireEps("epsilon", options.epsilon);
  for (const [key, value] of Object.entries(options)) {
    if (/(?:Initializer|Regularizer)$/.test(key)) requireIdentifier(key, value);
  }
}

/**
 * The one tensor that a layer is applied to.
 *
 * @param of The layer.
 * @param inputs What tfjs hands over.
 * @returns The tensor.
 * @throws {RangeError} If there are several, or it is none of this tfjs's.
 */
export function oneInput(of: string, inputs: Tensor | readonly Tensor[]): Tensor {
  const list = [inputs].flat() as Tensor[];
  if (list.length !== 1) {
    throw new RangeError(`Cannot apply ${of} to ${list.length} inputs: it must be one`);
  }
  refuseOtherCopy(`apply ${of} to`, list[0]);
  return list[0]!;
}

/** A shape of tfjs, `null` where a length is open. */
export type Shape = (number | null)[];

/**
 * A shape as messages show it.
 *
 * @param shape The shape.
 * @returns Such as `[null, 8]`.
 */
export const shapeText = (shape: Shape): string => `[${shape.map(String).join(", ")}]`;
