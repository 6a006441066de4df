// A program with two copies of tfjs, such as a page that loads one by a script and has another in its bundle: they share tensors and backends, and
// know nothing of each other's layers and models.

import * as tf from "@tensorflow/tfjs";

/** What to do about it, as the end of a sentence. */
const remedy =
  "the program has loaded tfjs twice. Make models with the copy that normkit imports: " +
  'one "@tensorflow/tfjs" for both, in the import map or the bundle, and no script besides';

/**
 * Refuses what another copy of tfjs has made.
 *
 * @param action What was to be done with it, such as `apply GPAS to`.
 * @param value An input of a layer, or a model.
 * @throws {RangeError} If it is a symbolic tensor or a model of another copy.
 */
export function refuseOtherCopy(action: string, value: unknown): void {
  const { sourceLayer, layers } = Object(value) as { sourceLayer?: unknown; layers?: unknown };
  const refuse = (what: string): never => {
    throw new RangeError(`Cannot ${action} ${what} of another copy of tfjs: ${remedy}`);
  };
  if (sourceLayer !== undefined && !(value instanceof tf.SymbolicTensor)) refuse("an input");
  if (Array.isArray(layers) && !(value instanceof tf.LayersModel)) refuse("a model");
}
