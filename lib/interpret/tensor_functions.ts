// The norms and activations that a model spec names, as functions of tensors.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { NormKind } from "../kernels/contract.ts";
import type { ActivationName } from "../model/spec.ts";
import { gelu, silu } from "../ops/activations.ts";
import { crmsNorm } from "../ops/crms_norm.ts";
import { layerNorm } from "../ops/layer_norm.ts";
import { rmsNorm } from "../ops/rms_norm.ts";

/** The operation that computes each kind of norm, with gradients. */
export const normFunctions: Readonly<Record<NormKind, typeof layerNorm>> = {
  "layer": layerNorm,
  "rms": rmsNorm,
  "crms": crmsNorm,
  "crms-padded": (x, options) => crmsNorm(x, { ...options, layout: "padded" }),
};

/** Each function of a feed-forward network, by its name. */
export const activationFunctions: Readonly<Record<ActivationName, (x: Tensor) => Tensor>> = {
  "gelu": (x) => gelu(x),
  "gelu_new": (x) => gelu(x, { approximation: "tanh" }),
  "relu": (x) => tf.relu(x),
  "relu2": (x) => tf.square(tf.relu(x)),
  "silu": silu,
  "quick_gelu": (x) => tf.mul(x, tf.sigmoid(tf.mul(x, 1.702))),
  "tanh": (x) => tf.tanh(x),
};
