// Tensors as another dtype would store them.

import { decodeNumbers, type DType, encodeNumbers } from "../../lib/checkpoint/dtype.ts";
import type { TensorSource } from "../../lib/checkpoint/tensors.ts";
import type { Model } from "../../lib/families/model.ts";

/** A source whose numbers are rounded, each tensor to a dtype of its own. */
function mixedTensors(source: TensorSource, dtypeOf: (name: string) => DType): TensorSource {
  return {
    names: source.names,
    has: (name) => source.has(name),
    info: (name) => ({ shape: source.info(name).shape, dtype: dtypeOf(name) }),
    rows: async (name, first, count) => {
      const dtype = dtypeOf(name);
      return decodeNumbers(dtype, encodeNumbers(dtype, await source.rows(name, first, count)));
    },
  };
}

/** A source whose numbers are rounded to a dtype. */
export function roundedTensors(source: TensorSource, dtype: DType): TensorSource {
  return mixedTensors(source, () => dtype);
}

/** A model as a file of a dtype holds it. */
export function roundedModel(model: Model, dtype: DType): Model {
  return { ...model, tensors: roundedTensors(model.tensors, dtype) };
}

/** A model as a file of several dtypes holds it. */
export function mixedModel(model: Model, dtypeOf: (name: string) => DType): Model {
  return { ...model, tensors: mixedTensors(model.tensors, dtypeOf) };
}
