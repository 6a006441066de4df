// The algebra of residual equations on tensors of tfjs.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { Algebra } from "./algebra.ts";

/** Equations on tensors, with gradients. */
export const tensorAlgebra: Algebra<Tensor> = {
  add: (x, y) => tf.add(x, y),
  scale: (factor, x) => tf.mul(factor, x),
  weigh: (weight, x) => tf.mul(weight, x),
};
