// Tensors as another dtype would store them.

import { decodeNumbers, type DType, encodeNumbers } from "../../lib/checkpoint/dtype.ts";
import type { TensorSource } from "../../lib/checkpoint/tensors.ts";
import type { Model } from "../../lib/families/model.ts";

/** A source whose numbers are rounded to a dtype. */
export function roundedTensors(source: TensorSource, dtype: DType): TensorSource {
  return {
    names: source.names,
    has: (name) => source.has(name),
    info: (name) => ({ shape: source.info(name).shape, dtype }),
    rows: async (name, first, count) =>
      decodeNumbers(dtype, encodeNumbers(dtype, await source.rows(name, first, count))),
  };
}

/** A model as a file of a dtype holds it. */
export function roundedModel(model: Model, dtype: DType): Model {
  return { ...model, tensors: roundedTensors(model.tensors, dtype) };
}
