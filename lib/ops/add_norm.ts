// The addition of a residual branch and the norm of the sum, in one pass over the data.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireNumber, requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import type { NormKind } from "../kernels/contract.ts";
import { requireSameShape } from "./same_shape.ts";
import {
  attributesOf,
  checkNorm,
  composedNorm,
  given,
  normKinds,
  type NormOptions,
} from "./norm.ts";
import { zerosFrom } from "./zeros.ts";

/** Options of {@linkcode addNorm}. */
export interface AddNormOptions extends NormOptions {
  /** The norm: `layer`, `rms`, `crms`, or `crms-padded` for the padded layout of CRMSNorm. */
  readonly kind: NormKind;
  /** Multiplies x, as DeepNorm's α; 1 by default. */
  readonly alpha?: number;
}

/** A sum and its norm. */
export interface AddNorm {
  /** alpha · x + branch */
  readonly sum: Tensor;
  /** The norm of the sum. */
  readonly normed: Tensor;
}

const kinds: readonly NormKind[] = ["layer", "rms", "crms", "crms-padded"];

/**
 * A residual addition and the norm of its sum.
 *
 * ```
 * sum = alpha · x + branch,   normed = norm(sum)
 * ```
 *
 * The stream (`sum`) and what the next sub-layer reads (`normed`) leave together: two tensors read and two written, where the
 * two operations apart read three.
 *
 * Shapes: x and branch [..., D] · gain [D] · bias [D] · returns two of [..., D]
 * Overflow: as in the norms alone; a sum whose squares single precision does not hold is normed to the bias or 0.
 * Source: Vaswani et al. 2017, §3.1, Post-LN's sub-layer; Wang et al. 2022 (DeepNet), §2, for alpha.
 *
 * @param x The stream.
 * @param branch What is added to it.
 * @param options The norm, gain, bias, ε (default 1e-5) and alpha.
 * @returns The sum and its norm.
 * @throws {RangeError} If the shapes differ, the norm is unknown, or gain, bias, ε or alpha do not fit.
 * @throws {TypeError} If a tensor is not float32.
 */
export function addNorm(x: Tensor, branch: Tensor, options: AddNormOptions): AddNorm {
  requireOptions("addNorm()", options, { ...normKinds, kind: "string", alpha: "number?" });
  const kind = requireOneOf("kind", options.kind, kinds);
  const alpha = requireNumber("alpha", options.alpha ?? 1);
  requireDtype("float32", { x, branch });
  const eps = checkNorm(x, options);
  requireSameShape(x, branch);
  if (x.size === 0) {
    return {
      sum: zerosFrom(x.shape, [x, branch]),
      normed: zerosFrom(x.shape, [x, branch, ...given(options)]),
    };
  }
  if (hasKernel("NormkitAddNorm")) {
    const attributes = { ...attributesOf(kind, options, eps), alpha };
    const [sum, normed] = callKernel(
      "NormkitAddNorm",
      [x, branch, ...given(options)],
      attributes,
    );
    return { sum: sum!, normed: normed! };
  }
  return tf.tidy(() => {
    const sum = tf.add(alpha === 1 ? x : tf.mul(alpha, x), branch);
    return { sum, normed: composedNorm(kind, sum, options, eps) };
  });
}

registerKernelGradient("NormkitAddNorm", {
  keepInputs: true,
  keepOutputs: [true, false],
  gradient: ([dSum, dNormed], kept, { alpha, ...attributes }) => {
    const gain = kept.slice(2, attributes.gain ? 3 : 2);
    const sum = kept.at(-1)!;
    const [dTotal, ...dParameters] = callKernel(
      "NormkitAddNormGradient",
      [dSum!, dNormed!, sum, ...gain],
      attributes,
    );
    const dx = alpha === 1 ? dTotal!.clone() : tf.mul(alpha, dTotal!);
    return [dx, dTotal, ...dParameters];
  },
});
