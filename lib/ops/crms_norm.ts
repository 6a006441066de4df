// CRMSNorm as a public operation: the RMSNorm of a vector of mean 0 whose last value is left out, or padded by 0.

import { requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { norm, normKinds, type NormOptions } from "./norm.ts";

/** How a compressed vector is stored. */
export type CrmsLayout = "compressed" | "padded";

/** Options of {@linkcode crmsNorm}. */
export interface CrmsNormOptions extends NormOptions {
  /**
   * `compressed` (the default): the last axis has the d − 1 values. `padded`: it has d, the last of them 0, which keeps widths
   * divisible by four: an odd width makes products 2.6 to 3.1 times as slow on WebGPU.
   */
  readonly layout?: CrmsLayout;
}

/**
 * Compressed root-mean-square normalization over the last axis.
 *
 * ```
 * y = x / √((Σx² + (Σx)²) / d + ε) · gain + bias
 * ```
 *
 * `x` holds the first d − 1 values of a vector with mean 0; the one left out is −Σx. The result is what
 * {@linkcode rmsNorm} of the whole vector gives, without its last value. In the padded layout a lane of 0 follows the d − 1
 * values, and value and gradients are exactly 0 there.
 *
 * Shapes: x [..., d−1] or padded [..., d] · gain and bias as long as the last axis · returns the shape of x
 * Units: y has none when gain has none; ε is in units of x².
 * Overflow: where Σx² is more than single precision holds, 3.4e38 (|x| above about 1e18), y is the bias or 0, as in PyTorch.
 * Source: Jiang et al. 2023, Eq. 5 (arXiv 2305.14858).
 *
 * @param x Compressed values to normalize; at least one.
 * @param options Gain, bias, ε (default 1e-5) and the layout.
 * @returns A tensor of the shape of `x`.
 * @throws {RangeError} If the last axis of `x` and gain or bias differ, ε is not above 0, or the layout is unknown.
 * @throws {TypeError} If a tensor is not float32.
 */
export function crmsNorm(x: Tensor, options: CrmsNormOptions = {}): Tensor {
  requireOptions("crmsNorm()", options, { ...normKinds, layout: "string?" });
  const layout = requireOneOf("layout", options.layout ?? "compressed", ["compressed", "padded"]);
  return norm(layout === "padded" ? "crms-padded" : "crms", x, options);
}
