// What the three norms share: their options, the checks of their arguments, and the affine map after them.

import * as tf from "@tensorflow/tfjs";
import { requireNumber } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";

/** Options of a norm. */
export interface NormOptions {
  /** Multiplies the normalized values, shape [D]; none by default. */
  readonly gain?: Tensor;
  /** Added at the end, shape [D]; none by default. */
  readonly bias?: Tensor;
  /** ε inside the root, in units of x²; 1e-5 by default. */
  readonly eps?: number;
}

/** @returns ε, after all arguments were found to fit. */
export function checkNorm(x: Tensor, { gain, bias, eps = 1e-5 }: NormOptions): number {
  const shape = `[${x.shape.join(", ")}]`;
  const width = x.shape.at(-1);
  if (width === undefined || width < 1) {
    throw new RangeError(
      `Cannot normalize x of shape ${shape}: it must have a last axis of length ≥ 1`,
    );
  }
  if (x.dtype !== "float32") {
    throw new TypeError(`Cannot normalize x of dtype ${x.dtype}: it must be float32`);
  }
  for (const [name, vector] of [["gain", gain], ["bias", bias]] as const) {
    if (vector === undefined) continue;
    if (vector.rank !== 1) {
      throw new RangeError(
        `Cannot normalize with a ${name} of shape [${
          vector.shape.join(", ")
        }]: it must be [${width}]`,
      );
    }
    if (vector.size !== width) {
      throw new RangeError(
        `Cannot normalize x of shape ${shape} with a ${name} of length ${vector.size}: the last axis must match`,
      );
    }
  }
  return requireNumber("eps", eps, { above: 0 });
}

/** @returns x · gain + bias, where they are given. */
export function affine(x: Tensor, { gain, bias }: NormOptions): Tensor {
  const scaled = gain === undefined ? x : tf.mul(x, gain);
  return bias === undefined ? scaled : tf.add(scaled, bias);
}
