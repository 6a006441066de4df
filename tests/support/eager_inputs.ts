// What a model reads, as tensors of tfjs.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { EagerInputs } from "../../lib/interpret/eager.ts";
import type { ModelInputs, Values } from "../../lib/interpret/inputs.ts";

/** A batch of one. */
export function eagerInputs({ tokens, source, ...others }: ModelInputs): EagerInputs {
  const batch = (ids: readonly number[] | undefined) =>
    ids === undefined ? undefined : { ids: Int32Array.from(ids), size: [1, ids.length] as const };
  const tensor = (values: Values | undefined): Tensor | undefined =>
    values && tf.tensor(Float32Array.from(values.values), [1, ...values.shape]);
  const all = {
    tokens: batch(tokens),
    source: batch(source),
    ...Object.fromEntries(Object.entries(others).map(([name, values]) => [name, tensor(values)])),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
