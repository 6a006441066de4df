// Rotary position embedding, written with a signed permutation matrix: one product and no slices.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireNumber } from "../core/check.ts";
import { matMul } from "./mat_mul.ts";
import type { Tensor } from "../core/tensor.ts";
import { zerosFrom } from "./zeros.ts";

/** R with x · R = (−x₂, x₁), where x₁ and x₂ are the halves of x. */
function halfTurn(width: number): Tensor {
  const half = width / 2;
  const matrix = new Float32Array(width * width);
  for (let i = 0; i < half; i++) {
    matrix[(i + half) * width + i] = -1;
    matrix[i * width + i + half] = 1;
  }
  return tf.tensor2d(matrix, [width, width]);
}

/** f(t · base^(−2i/K)) for position t and pair i, written to both halves. */
function table(
  length: number,
  width: number,
  base: number,
  f: (angle: number) => number,
): Tensor {
  const pair = (k: number): number => k % (width / 2);
  const values = Float32Array.from({ length: length * width }, (_, at) => {
    const position = Math.floor(at / width);
    return f(position * base ** (-2 * pair(at % width) / width));
  });
  return tf.tensor2d(values, [length, width]);
}

/**
 * Rotary position embedding.
 *
 * ```
 * y = x ⊙ cos θ + (−x₂, x₁) ⊙ sin θ,   θ = t · base^(−2i/K)
 * ```
 *
 * x₁ and x₂ are the two halves of the last axis (the convention of GPT-NeoX and LLaMA); t is the position, from 0.
 *
 * Shapes: x [..., T, K] · returns the same
 * Source: Su et al. 2021, Eq. 34 (arXiv 2104.09864).
 *
 * @param x Queries or keys; K must be even.
 * @param base The base of the angles, 10000 by default.
 * @returns The rotated values.
 * @throws {RangeError} If K is odd, `x` has no axis of positions, or the base is not above 0.
 * @throws {TypeError} If `x` is not float32.
 */
export function rotary(x: Tensor, base = 10000): Tensor {
  requireDtype("float32", { x });
  requireNumber("base", base, { above: 0 });
  if (x.rank < 2) {
    throw new RangeError(
      `Cannot rotate x of shape [${x.shape.join(", ")}]: it must be [..., T, K]`,
    );
  }
  const [length, width] = x.shape.slice(-2) as [number, number];
  if (width % 2 !== 0) {
    throw new RangeError(`Cannot rotate heads of width ${width}: it must be even`);
  }
  if (x.size === 0) return zerosFrom(x.shape, [x]);
  return tf.tidy(() => {
    const straight = tf.mul(x, table(length, width, base, Math.cos));
    return tf.add(
      straight,
      tf.mul(matMul(x, halfTurn(width)), table(length, width, base, Math.sin)),
    );
  });
}
