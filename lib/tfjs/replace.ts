// tfjs's name for LayerNormalization, taken over on request.

import * as tf from "@tensorflow/tfjs";
import { LayerNormalization } from "./norms.ts";

/** tfjs's own class, however often another takes its name. */
const original = tf.serialization.SerializationMap.getMap().classNameMap["LayerNormalization"]!;

/**
 * From now on `tf.loadLayersModel` makes this library's {@linkcode LayerNormalization} wherever a file has tfjs's.
 *
 * Without this call nothing of tfjs's registry is changed. {@linkcode accelerate} does the same to a model that is loaded.
 *
 * @returns What puts tfjs's own class back; models that were loaded keep their layers.
 */
export function replaceLayerNormalization(): () => void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  classNameMap["LayerNormalization"] = classNameMap[LayerNormalization.className]!;
  return () => void (classNameMap["LayerNormalization"] = original);
}
