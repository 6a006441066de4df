// tfjs's LayerNormalization with the fused kernel in place of its seventeen operations, and nothing else: no field, no option, no name of
// its own. So a layer of tfjs becomes one, and back, by its prototype, and is saved as what it was.

import { requireInteger } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import { layerNorm } from "../ops/layer_norm.ts";
import type { NormOptions } from "../ops/norm.ts";
import { oneInput } from "./options.ts";
import { TfjsNormalization } from "./tfjs_normalization.ts";

/**
 * Whether axes are the last one alone, which is what the kernels normalize.
 *
 * @param axis The axis or the axes.
 * @param rank How many axes the input has.
 * @returns True for −1 and `rank` − 1.
 * @throws {RangeError} If an axis is none of the input's.
 */
export function isLastAxis(axis: number | readonly number[], rank: number): boolean {
  const places = [axis].flat().map((one) =>
    (requireInteger("axis", one, { min: -rank, max: rank - 1 }) + rank) % rank
  );
  return places.length === 1 && places[0] === rank - 1;
}

/** tfjs's layer with the kernel. */
export class FusedNormalization extends TfjsNormalization {
  /**
   * The normalized input.
   *
   * @param inputs A tensor, alone or in a list.
   * @param kwargs What tfjs hands over to layers; not read.
   * @returns A tensor of its shape.
   * @throws {RangeError} If there are several inputs.
   * @throws {TypeError} If the input is not float32.
   */
  override call(
    inputs: Tensor | Tensor[],
    kwargs: Record<string, unknown> = {},
  ): Tensor | Tensor[] {
    const x = oneInput(this.name, inputs);
    if (!isLastAxis(this.axis, x.rank)) return super.call(inputs, kwargs);
    const [gain, bias] = [this.gamma?.read(), this.beta?.read()];
    return this.normalize(x, {
      eps: this.epsilon,
      ...(gain === undefined ? {} : { gain }),
      ...(bias === undefined ? {} : { bias }),
    });
  }

  /** The norm over the last axis. */
  protected normalize(x: Tensor, options: NormOptions): Tensor {
    return layerNorm(x, options);
  }
}
