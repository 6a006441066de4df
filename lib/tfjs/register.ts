// Names of the layers in tfjs's registry, by which `tf.loadLayersModel` finds them.

import * as tf from "@tensorflow/tfjs";
import type { LayerClass } from "./tfjs_types.ts";

/**
 * Registers a class of layers with tfjs, under a name of its own.
 *
 * tfjs has a name for the package besides, but finds classes without it: what is registered under a name of tfjs's replaces tfjs's.
 *
 * @param name What the class is to users, such as `RMSNormalization`; files call it `NormkitRMSNormalization`.
 * @param layer The class.
 * @returns The class.
 */
export function registered<Options>(
  name: string,
  layer: new (options?: Options) => tf.layers.Layer,
): LayerClass<Options> {
  const named = Object.assign(layer, { className: `Normkit${name}` });
  tf.serialization.registerClass(
    named as tf.serialization.SerializableConstructor<tf.layers.Layer>,
    "Normkit",
    name,
  );
  return named;
}
