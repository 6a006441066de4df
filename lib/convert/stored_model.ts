// A model as its folder would hold it: rounded to the dtypes of storage, without being written.

import { decodeNumbers, type DType, storeNumbers } from "../checkpoint/dtype.ts";
import { describeModel, type Model } from "../families/model.ts";
import { type LazyMatrix, matrixOf } from "./lazy_matrix.ts";
import { Overlay } from "./overlay.ts";
import { planTensors, withDType } from "./save.ts";

function rounded(matrix: LazyMatrix, dtype: DType, name: string): LazyMatrix {
  return {
    ...matrix,
    read: async (first, count) =>
      decodeNumbers(dtype, storeNumbers(dtype, await matrix.read(first, count), name)),
  };
}

/**
 * What opening a saved model gives.
 *
 * @param model A model whose tensors are computed when they are read.
 * @param dtype The dtype of floating-point tensors in storage; what each has by default.
 * @returns The model with each number rounded once, described by the configuration that would be written.
 */
export function storedModel(model: Model, dtype?: DType): Model {
  const tensors = new Overlay(model.tensors);
  for (const planned of planTensors(model, dtype)) {
    const { name, shape } = planned;
    if (!planned.computed) continue;
    const matrix = matrixOf(model.tensors, name);
    tensors.set(name, shape, planned.dtype, rounded(matrix, planned.dtype, name));
  }
  return describeModel(model.family, withDType(model.config, dtype), tensors, model.storedHead);
}
