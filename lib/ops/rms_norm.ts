// RMSNorm as a public operation: x over its root mean square.

import { requireOptions } from "../core/options.ts";
import { norm, normKinds, type NormOptions } from "./norm.ts";
import type { Tensor } from "../core/tensor.ts";

/**
 * Root-mean-square normalization over the last axis.
 *
 * ```
 * y = x / √(mean(x²) + ε) · gain + bias
 * ```
 *
 * Unlike {@linkcode layerNorm} it does not subtract the mean; the two agree, ε included, where x has mean 0.
 *
 * Shapes: x [..., D] · gain [D] · bias [D] · returns [..., D]
 * Units: y has none when gain has none; ε is in units of x².
 * Overflow: where Σx² is more than single precision holds, 3.4e38 (|x| above about 1e18), y is the bias or 0, as in PyTorch.
 * Source: Zhang & Sennrich 2019, Eq. 4 (arXiv 1910.07467); Jiang et al. 2023, Eq. 2.
 *
 * @param x Values to normalize; D ≥ 1.
 * @param options Gain, bias and ε (default 1e-5).
 * @returns A tensor of the shape of `x`.
 * @throws {RangeError} If the last axis of `x` and gain or bias differ, or ε is not above 0.
 * @throws {TypeError} If a tensor is not float32.
 */
export function rmsNorm(x: Tensor, options: NormOptions = {}): Tensor {
  requireOptions("rmsNorm()", options, normKinds);
  return norm("rms", x, options);
}
