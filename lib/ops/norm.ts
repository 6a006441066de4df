// The norms in one place: their equations side by side, the checks of their arguments, and the kernel with its gradient. Each
// public norm has a file with its documentation.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireEps } from "../core/check.ts";
import type { OptionKinds } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import type { NormAttributes, NormKind } from "../kernels/contract.ts";
import { zerosFrom } from "./zeros.ts";

/** Gain, bias and ε of a norm. */
export interface NormOptions {
  /** Multiplies the normalized values, shape [D]; none by default. */
  readonly gain?: Tensor;
  /** Added at the end, shape [D]; none by default. */
  readonly bias?: Tensor;
  /** ε inside the root, in units of x², no smaller than what single precision holds in full (1.2e-38); 1e-5 by default. */
  readonly eps?: number;
}

/** What a norm takes. */
export const normKinds: OptionKinds<NormOptions> = {
  gain: "tensor?",
  bias: "tensor?",
  eps: "number?",
};

/**
 * Checks the arguments of a norm.
 *
 * @returns ε, 1e-5 by default.
 * @throws {RangeError} If a shape, a dtype or ε does not fit.
 */
export function checkNorm(
  x: Pick<Tensor, "dtype"> & { readonly shape: readonly number[] },
  { gain, bias, eps = 1e-5 }: NormOptions,
): number {
  const shape = `[${x.shape.join(", ")}]`;
  const width = x.shape.at(-1);
  if (width === undefined || width < 1) {
    throw new RangeError(
      `Cannot normalize x of shape ${shape}: it must have a last axis of length ≥ 1`,
    );
  }
  requireDtype("float32", { x, gain, bias });
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
  return requireEps("eps", eps);
}

/** The mean of each row, from its sum, as in the kernels, so that it overflows where theirs does. */
function mean(x: Tensor): Tensor {
  return tf.div(tf.sum(x, -1, true), x.shape.at(-1)!);
}

/** x over the root of a mean square; tfjs's reciprocal root has a gradient that overflows where ε is small. */
function divideByRoot(x: Tensor, square: Tensor, eps: number): Tensor {
  return tf.div(x, tf.sqrt(tf.add(square, eps)));
}

/** (Σx² + (Σx)²) / d */
function completedMeanSquare(x: Tensor, d: number): Tensor {
  return tf.div(
    tf.add(tf.sum(tf.square(x), -1, true), tf.square(tf.sum(x, -1, true))),
    d,
  );
}

/** [1, …, 1, 0]: 0 at the lane that pads a compressed vector. */
function lanes(width: number): Tensor {
  return tf.tensor1d(Float32Array.from({ length: width }, (_, lane) => lane < width - 1 ? 1 : 0));
}

/** Each norm before gain and bias. */
const equations: Readonly<Record<NormKind, (x: Tensor, eps: number) => Tensor>> = {
  "layer": (x, eps) => {
    const centered = tf.sub(x, mean(x));
    return divideByRoot(centered, mean(tf.square(centered)), eps);
  },
  "rms": (x, eps) => divideByRoot(x, mean(tf.square(x)), eps),
  "crms": (x, eps) => divideByRoot(x, completedMeanSquare(x, x.shape.at(-1)! + 1), eps),
  "crms-padded": (x, eps) => {
    const held = tf.mul(x, lanes(x.shape.at(-1)!));
    return divideByRoot(held, completedMeanSquare(held, x.shape.at(-1)!), eps);
  },
};

/**
 * The norm composed of tfjs operations.
 *
 * Shapes: x […, D] · gain, bias [D] · returns that of x
 */
export function composedNorm(
  kind: NormKind,
  x: Tensor,
  { gain, bias }: NormOptions,
  eps: number,
): Tensor {
  const normed = equations[kind](x, eps);
  const scaled = gain === undefined ? normed : tf.mul(normed, gain);
  const shifted = bias === undefined ? scaled : tf.add(scaled, bias);
  return kind === "crms-padded" ? tf.mul(shifted, lanes(x.shape.at(-1)!)) : shifted;
}

/** The parameters that are given, in the order of the kernels. */
export function given({ gain, bias }: NormOptions): Tensor[] {
  return [gain, bias].filter((vector) => vector !== undefined);
}

/** The attributes of the norm kernels. */
export function attributesOf(
  kind: NormKind,
  { gain, bias }: NormOptions,
  eps: number,
): NormAttributes {
  return { kind, eps, gain: gain !== undefined, bias: bias !== undefined };
}

/**
 * A norm, as one kernel where the backend has it.
 *
 * Shapes: x […, D] · gain, bias [D] · returns that of x
 */
export function norm(kind: NormKind, x: Tensor, options: NormOptions): Tensor {
  const eps = checkNorm(x, options);
  if (x.size === 0) return zerosFrom(x.shape, [x, ...given(options)]);
  return hasKernel("NormkitNorm")
    ? callKernel("NormkitNorm", [x, ...given(options)], attributesOf(kind, options, eps))[0]!
    : tf.tidy(() => composedNorm(kind, x, options, eps));
}

registerKernelGradient("NormkitNorm", {
  keepInputs: true,
  gradient: ([dy], [x, ...parameters], attributes) =>
    callKernel(
      "NormkitNormGradient",
      [dy!, x!, ...parameters.slice(0, attributes.gain ? 1 : 0)],
      attributes,
    ),
});
