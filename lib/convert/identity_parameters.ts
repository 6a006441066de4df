// Gains of 1 and biases of 0 where norms were folded away, so that engines which expect these tensors load the model.

import type { DType } from "../checkpoint/dtype.ts";
import type { Model } from "../families/model.ts";
import { WeightEdits } from "./weight_edits.ts";
import { matrixFrom } from "./lazy_matrix.ts";
import { normsWithReaders, writersOf } from "./readers_and_writers.ts";

/**
 * Gives every norm of the streams a gain of 1 and a bias of 0, and every LayerScale a λ of 1, where the family has such tensors and the
 * model does not.
 *
 * @param model The model.
 * @returns The same function with all tensors that its family expects.
 */
export function withIdentityParameters(model: Model): Model {
  const { spec, tensors } = model;
  const edit = new WeightEdits(tensors);
  const fill = (name: string, width: number, value: number, dtype: DType): void => {
    if (name === "" || tensors.has(name)) return;
    edit.tensors.set(name, [width], dtype, matrixFrom(new Float64Array(width).fill(value)));
  };
  for (const { stack, norm, readers } of normsWithReaders(spec)) {
    const { width } = spec.stacks[stack]!;
    const [reader] = readers;
    if (reader === undefined) continue; // it kept what it had
    const { dtype } = tensors.info(reader.weight);
    fill(norm.gain, width, 1, dtype);
    if (norm.kind === "layer") fill(norm.bias, width, 0, dtype);
  }
  for (const stack of Object.values(spec.stacks)) {
    for (const { linear, scale } of writersOf(stack)) {
      if (scale !== undefined) fill(scale, stack.width, 1, tensors.info(linear.weight).dtype);
    }
  }
  return { ...model, tensors: edit.tensors };
}
