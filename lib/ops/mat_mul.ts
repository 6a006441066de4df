// The matrix product of the linear layers, with its bias. tfjs differentiates a product into products with transposition flags,
// which its WASM backend runs in a plain loop: composed, both are transposed first (ten times as fast at width 64). Our kernels
// take the flags as they are.

import * as tf from "@tensorflow/tfjs";
import { requireDtype } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import { zerosFrom } from "./zeros.ts";

/**
 * The product of a batch of rows with a matrix, plus a bias.
 *
 * Shapes: x [..., I] · w [I, O] · bias [O] · returns [..., O]
 *
 * @param x Rows; the leading axes are kept.
 * @param w The matrix, stored (in, out).
 * @param bias Added to every row, if given.
 * @returns x · w + bias.
 * @throws {RangeError} If the last axis of `x` is not the first of `w`, or the bias is not as long as the last of `w`.
 * @throws {TypeError} If a tensor is not float32.
 */
export function matMul(x: Tensor, w: Tensor, bias?: Tensor): Tensor {
  requireFit(x, w, bias);
  const [inner, columns] = w.shape;
  const shape = [...x.shape.slice(0, -1), columns!];
  return tf.tidy(() => {
    const given = bias === undefined ? [x, w] : [x, w, bias];
    if (shape.includes(0)) return zerosFrom(shape, given);
    if (inner === 0) return plus(zerosFrom(shape, [x, w]), bias);
    return tf.reshape(product(flat(x), w, bias), shape);
  });
}

/** A matrix with its bias. */
export interface LinearMap {
  /** [I, O] */
  readonly w: Tensor;
  /** [O] */
  readonly bias?: Tensor | undefined;
}

/**
 * Several products of the same rows at once, where they are one program: on WebGPU, where small models wait for launches.
 * Elsewhere nothing would be gained, and the gradients to x would add up in another order.
 *
 * Shapes: x [..., I] · each w [I, O] and bias [O] · returns [..., O] each
 *
 * @param x Rows; the leading axes are kept.
 * @param maps The matrices, with their biases.
 * @returns The products, or undefined where they are to be made one by one.
 * @throws {RangeError} If the shapes do not fit.
 * @throws {TypeError} If a tensor is not float32.
 */
export function matMuls(x: Tensor, maps: readonly LinearMap[]): Tensor[] | undefined {
  const [first, ...others] = maps.map(({ w, bias }) => `${w.shape}, ${bias !== undefined}`);
  const isAlike = others.every((other) => other === first);
  const isEmpty = x.size === 0 || maps.some(({ w }) => w.size === 0);
  if (tf.getBackend() !== "webgpu" || !hasKernel("NormkitLinear") || !isAlike || isEmpty) {
    return undefined;
  }
  for (const { w, bias } of maps) requireFit(x, w, bias);
  return tf.tidy(() =>
    linear(flat(x), maps).map((y) => tf.reshape(y, [...x.shape.slice(0, -1), y.shape[1]!]))
  );
}

function requireFit(x: Tensor, w: Tensor, bias: Tensor | undefined): void {
  requireDtype("float32", { x, w, bias });
  const [inner, columns] = w.shape;
  if (w.rank !== 2 || x.shape.at(-1) !== inner) {
    throw new RangeError(
      `Cannot multiply x of shape [${x.shape.join(", ")}] by a matrix of shape [${
        w.shape.join(", ")
      }]: ` +
        `the last axis of x must be the first of two`,
    );
  }
  if (bias !== undefined && (bias.rank !== 1 || bias.size !== columns)) {
    throw new RangeError(
      `Cannot add a bias of shape [${
        bias.shape.join(", ")
      }] to ${columns} columns: it must be [${columns}]`,
    );
  }
}

/** All rows, [N, I]. */
function flat(x: Tensor): Tensor {
  const width = x.shape.at(-1)!;
  return tf.reshape(x, [x.size / width, width]);
}

function plus(y: Tensor, bias?: Tensor): Tensor {
  return bias === undefined ? y : tf.add(y, bias);
}

function product(x: Tensor, w: Tensor, bias?: Tensor): Tensor {
  if (hasKernel("NormkitLinear")) return linear(x, [{ w, bias }])[0]!;
  return plus(composedProduct(x, w), bias);
}

/** Maps that all have a bias, or none. */
function linear(x: Tensor, maps: readonly LinearMap[]): Tensor[] {
  const matrices = maps.map(({ w }) => w);
  const biases = maps.flatMap(({ bias }) => bias === undefined ? [] : [bias]);
  return callKernel("NormkitLinear", [x, ...matrices, ...biases], { bias: biases.length > 0 });
}

const composedProduct: (x: Tensor, w: Tensor) => Tensor = tf.customGrad((...inputs) => {
  const [x, w, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  save([x, w]);
  return {
    value: tf.matMul(x, w),
    gradFunc: (dy, saved) => {
      const [x, w] = saved as [tf.Tensor2D, tf.Tensor2D];
      return [composedProduct(dy, tf.transpose(w)), composedProduct(tf.transpose(x), dy)];
    },
  };
});

registerKernelGradient("NormkitLinear", {
  keepInputs: true,
  gradient: (dys, [x, ...parameters], attributes) =>
    callKernel(
      "NormkitLinearGradient",
      [...dys, x!, ...parameters.slice(0, dys.length)],
      attributes,
    ),
});
