// tfjs's types under the names that the layers' signatures use.

import type * as tf from "@tensorflow/tfjs";

/** A model of tfjs: `tf.sequential`, `tf.model` and `tf.loadLayersModel` make such. */
export type LayersModel = tf.LayersModel;

/** A layer of tfjs. */
export type Layer = tf.layers.Layer;

/** The kind of a tensor's numbers. */
export type DataType = tf.DataType;

/** What makes layers of one class, with `new` or from a file. */
export interface LayerClass<Options> {
  /**
   * A layer, whose weights are made for its first input.
   *
   * @param options What it is to be like.
   * @throws {RangeError} If an option is unknown or cannot be used.
   */
  new (options?: Options): Layer;
  /** The name of the class in files; tfjs finds classes by it alone, so that it is none of tfjs's own. */
  readonly className: string;
}
