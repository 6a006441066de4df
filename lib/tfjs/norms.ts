// The norms as layers of tfjs: LayerNorm with the options of tfjs's own layer, and RMSNorm and CRMSNorm as its siblings.

import type * as tf from "@tensorflow/tfjs";
import { requireOneOf } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import { type CrmsLayout, crmsNorm } from "../ops/crms_norm.ts";
import type { NormOptions } from "../ops/norm.ts";
import { rmsNorm } from "../ops/rms_norm.ts";
import { isLastAxis } from "./fused_normalization.ts";
import { Normalization } from "./normalization.ts";
import { givenOptions, type NormalizationOptions, type Shape, shapeText } from "./options.ts";
import { registered } from "./register.ts";
import type { LayerClass } from "./tfjs_types.ts";

/**
 * Layer normalization as a layer of tfjs: the options of `tf.layers.layerNormalization`, and the fused kernel.
 *
 * ```
 * y = (x − μ) / √(mean((x − μ)²) + ε) · γ + β
 * ```
 *
 * As in tfjs ε is 1e-3 by default and there is a β; weights, their order and the configuration are those of tfjs's layer. Over other
 * axes than the last it runs tfjs's own operations, since kernels take rows.
 *
 * Shapes: x [..., D] · γ, β [D] · returns [..., D]
 * Source: Ba et al. 2016, Eq. 3 and 4 (arXiv 1607.06450).
 */
export const LayerNormalization: LayerClass<NormalizationOptions> = registered(
  "LayerNormalization",
  class extends Normalization {},
);

/** A norm over the last axis alone; ε is 1e-5 by default, and there is no β unless `center` asks for it. */
class RowNormalization extends Normalization {
  constructor(options: NormalizationOptions = {}) {
    super({ epsilon: 1e-5, center: false, ...givenOptions(new.target.className, options) });
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = inputShape as Shape;
    if (!isLastAxis(this.axis, shape.length)) {
      throw new RangeError(
        `Cannot use axis = ${
          [this.axis].flat().join(", ")
        } of ${this.getClassName()} on inputs of shape ${
          shapeText(shape)
        }: it must be the last one, -1`,
      );
    }
    super.build(shape);
  }
}

/**
 * Root-mean-square normalization as a layer of tfjs, over the last axis.
 *
 * ```
 * y = x / √(mean(x²) + ε) · γ + β
 * ```
 *
 * ε is 1e-5 by default, and there is no β unless `center` asks for it.
 *
 * Shapes: x [..., D] · γ, β [D] · returns [..., D]
 * Source: Zhang & Sennrich 2019, Eq. 4 (arXiv 1910.07467).
 */
export const RMSNormalization: LayerClass<NormalizationOptions> = registered(
  "RMSNormalization",
  class extends RowNormalization {
    protected override normalize(x: Tensor, options: NormOptions): Tensor {
      return rmsNorm(x, options);
    }
  },
);

/** Options of {@linkcode CRMSNormalization}. */
export interface CRMSNormalizationOptions extends NormalizationOptions {
  /** How the compressed vector is stored, as of `crmsNorm`; `"compressed"` by default. */
  readonly layout?: CrmsLayout;
}

class CompressedNormalization extends RowNormalization {
  readonly layout: CrmsLayout;

  constructor(options: CRMSNormalizationOptions = {}) {
    const { layout = "compressed", ...others } = givenOptions(new.target.className, options);
    super(others);
    this.layout = requireOneOf("layout", layout, ["compressed", "padded"]);
  }

  protected override normalize(x: Tensor, options: NormOptions): Tensor {
    return crmsNorm(x, { ...options, layout: this.layout });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), layout: this.layout };
  }
}

/**
 * Compressed root-mean-square normalization as a layer of tfjs, over the last axis.
 *
 * ```
 * y = x / √((Σx² + (Σx)²) / d + ε) · γ + β
 * ```
 *
 * The last axis has the first d − 1 values of vectors of mean 0. ε is 1e-5 by default, and there is no β unless `center` asks for it.
 *
 * Shapes: x [..., d−1] or padded [..., d] · γ and β as long as the last axis · returns the shape of x
 * Source: Jiang et al. 2023, Eq. 5 (arXiv 2305.14858).
 */
export const CRMSNormalization: LayerClass<CRMSNormalizationOptions> = registered(
  "CRMSNormalization",
  CompressedNormalization,
);
