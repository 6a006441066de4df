// LayerNorm as a public operation: x without its mean, over its standard deviation.

import { requireOptions } from "../core/options.ts";
import { norm, normKinds, type NormOptions } from "./norm.ts";
import type { Tensor } from "../core/tensor.ts";

/**
 * Layer normalization over the last axis.
 *
 * ```
 * y = (x − μ) / √(mean((x − μ)²) + ε) · gain + bias,   μ = mean(x)
 * ```
 *
 * The variance is the population's (divided by D), taken in a second pass over x − μ: a large mean does not cancel it.
 *
 * Shapes: x [..., D] · gain [D] · bias [D] · returns [..., D]
 * Units: y has none when gain has none; ε is in units of x².
 * Overflow: where Σ(x − μ)² is more than single precision holds, 3.4e38 (|x| above about 1e18), y is the bias or 0, as in PyTorch.
 * Source: Ba et al. 2016, Eq. 3 and 4 (arXiv 1607.06450); Jiang et al. 2023, Eq. 1.
 *
 * @param x Values to normalize; D ≥ 1.
 * @param options Gain, bias and ε (default 1e-5).
 * @returns A tensor of the shape of `x`.
 * @throws {RangeError} If the last axis of `x` and gain or bias differ, or ε is not above 0.
 * @throws {TypeError} If a tensor is not float32.
 */
export function layerNorm(x: Tensor, options: NormOptions = {}): Tensor {
  requireOptions("layerNorm()", options, normKinds);
  return norm("layer", x, options);
}
