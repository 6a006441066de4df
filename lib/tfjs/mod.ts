/**
 * The norms and GPAS as layers of tfjs, for `tf.sequential` and `tf.model`, and faster LayerNormalization in models that are there.
 *
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { useBackend } from "@normkit/normkit";
 * import { RMSNormalization } from "@normkit/normkit/tfjs";
 *
 * await useBackend();
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 8, inputShape: [4] }),
 *     new RMSNormalization(),
 *     tf.layers.dense({ units: 1 }),
 *   ],
 * });
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * model.dispose();
 * ```
 *
 * @module
 */

export {
  accelerate,
  type AccelerateOptions,
  type Acceleration,
  type KeptLayer,
} from "./accelerate.ts";
export type { Speedup } from "./compare.ts";
export { GPAS, type GPASOptions } from "./gpas.ts";
export {
  CRMSNormalization,
  type CRMSNormalizationOptions,
  LayerNormalization,
  RMSNormalization,
} from "./norms.ts";
export type {
  Initializer,
  NormalizationOptions,
  Regularizer,
  Shape,
  TfjsLayerOptions,
} from "./options.ts";
export { replaceLayerNormalization } from "./replace.ts";
export type { DataType, Layer, LayerClass, LayersModel } from "./tfjs_types.ts";
