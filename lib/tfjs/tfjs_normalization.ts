// tfjs's own LayerNormalization as a class to extend: it reads the options, makes and saves the weights, and normalizes axes for
// which there is no kernel. tfjs exports its factory alone.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { NormalizationOptions } from "./options.ts";

/** An instance of tfjs's LayerNormalization. */
export interface TfjsNormalization extends tf.layers.Layer {
  /** The axes, from 0 once the layer is built. */
  readonly axis: number | readonly number[];
  /** ε inside the root. */
  readonly epsilon: number;
  /** γ, or null without one. */
  readonly gamma: tf.LayerVariable | null;
  /** β, or null without one. */
  readonly beta: tf.LayerVariable | null;
  /** What the layer computes. */
  call(inputs: Tensor | Tensor[], kwargs: Record<string, unknown>): Tensor | Tensor[];
}

/** The class of tfjs's LayerNormalization. */
export interface TfjsNormalizationClass {
  /** A layer; tfjs fills in what is not given. */
  new (options: NormalizationOptions): TfjsNormalization;
  /** The name of the class in files. */
  className: string;
  /** A layer from what a file says of it. */
  fromConfig: typeof tf.layers.Layer.fromConfig;
}

/** The class itself; the layer that shows it is named, so that tfjs's numbers of default names stay as they are. */
export const TfjsNormalization: TfjsNormalizationClass = tf.layers.layerNormalization({
  name: "normkit",
}).constructor as unknown as TfjsNormalizationClass;
