// Tensors stored in half precision, and the norms on them. Arithmetic is single: values are converted as they are read and
// written, so squares that half precision could not hold do no harm.

import { requireDtype, requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { NormKind } from "../kernels/contract.ts";
import { callHalfKernel } from "../kernels/half.ts";
import { attributesOf, checkNorm, given, normKinds, type NormOptions } from "./norm.ts";

/** A tensor in half precision: half the memory, eleven significant bits, magnitudes up to 65504. */
export interface Half {
  /** Two numbers in each int32 [..., D / 2]; dispose it to free the tensor. */
  readonly bits: Tensor;
  /** The shape [..., D] of the numbers. */
  readonly shape: readonly number[];
}

/** Options of {@linkcode halfNorm}. */
export interface HalfNormOptions extends NormOptions {
  /** The norm: `layer`, `rms`, `crms`, or `crms-padded` for the padded layout of CRMSNorm. */
  readonly kind: NormKind;
}

/** What {@linkcode halfNormGradient} gives. */
export interface HalfNormGradient {
  /** The gradient to x. */
  readonly dx: Half;
  /** The gradient to the gain, float32 [D], where there is a gain. */
  readonly dGain?: Tensor;
  /** The gradient to the bias, float32 [D], where there is a bias. */
  readonly dBias?: Tensor;
}

const kinds: readonly NormKind[] = ["layer", "rms", "crms", "crms-padded"];

/**
 * A tensor in half precision, rounded to the nearest.
 *
 * Shapes: x [..., D], D a multiple of four
 *
 * @param x The tensor, float32; magnitudes above 65504 become 65504.
 * @returns Its copy; tfjs knows no gradient through it.
 * @throws {RangeError} If the last axis of `x` is no multiple of four.
 * @throws {TypeError} If `x` is not float32.
 * @throws {KernelUnavailableError} If the backend in use is not WebGPU with fused kernels.
 */
export function toHalf(x: Tensor): Half {
  requireDtype("float32", { x });
  if (x.rank === 0 || x.shape.at(-1)! % 4 !== 0) {
    throw new RangeError(
      `Cannot store x of shape [${
        x.shape.join(", ")
      }] in halves: its last axis must be a multiple of 4`,
    );
  }
  return { bits: callHalfKernel("NormkitToHalf", [x], {})[0]!, shape: x.shape };
}

/**
 * The numbers of a tensor in half precision, exactly.
 *
 * Shapes: returns the shape of the half tensor
 *
 * @param half The tensor; it is kept.
 * @returns A float32 tensor of its shape.
 * @throws {TypeError} If its bits are not int32.
 * @throws {KernelUnavailableError} If the backend in use is not WebGPU with fused kernels.
 */
export function fromHalf({ bits }: Half): Tensor {
  requireDtype("int32", { bits });
  return callHalfKernel("NormkitFromHalf", [bits], {})[0]!;
}

/** The norm's attributes, after all arguments were found to fit. */
function checked(
  x: Half,
  { kind, ...options }: HalfNormOptions,
): ReturnType<typeof attributesOf> {
  requireDtype("int32", { "bits of x": x.bits });
  const like = { shape: [...x.shape], dtype: "float32" } as const;
  return attributesOf(requireOneOf("kind", kind, kinds), options, checkNorm(like, options));
}

/**
 * A norm of a tensor in half precision; statistics, gain and bias are float32.
 *
 * Shapes: x [..., D] · gain [D] · bias [D] · returns [..., D]
 *
 * @param x Values to normalize.
 * @param options The norm, gain, bias and ε (default 1e-5).
 * @returns A tensor of the shape of `x`, in half precision.
 * @throws {RangeError} If the norm is unknown, or gain, bias or ε do not fit.
 * @throws {TypeError} If gain or bias are not float32, or bits not int32.
 * @throws {KernelUnavailableError} If the backend in use is not WebGPU with fused kernels.
 */
export function halfNorm(x: Half, options: HalfNormOptions): Half {
  requireOptions("halfNorm()", options, { ...normKinds, kind: "string" });
  const inputs = [x.bits, ...given(options)];
  return {
    bits: callHalfKernel("NormkitHalfNorm", inputs, checked(x, options))[0]!,
    shape: x.shape,
  };
}

/**
 * The gradient of {@linkcode halfNorm}, to be called where a graph of tensors in half precision is differentiated by hand.
 *
 * @param dy The gradient to the value, in half precision.
 * @param x What was normalized.
 * @param options As given to the norm.
 * @returns The gradients to x, gain and bias.
 * @throws {RangeError} If the shapes differ, the norm is unknown, or gain, bias or ε do not fit.
 * @throws {TypeError} If gain or bias are not float32, or bits not int32.
 * @throws {KernelUnavailableError} If the backend in use is not WebGPU with fused kernels.
 */
export function halfNormGradient(dy: Half, x: Half, options: HalfNormOptions): HalfNormGradient {
  requireOptions("halfNormGradient()", options, { ...normKinds, kind: "string" });
  requireDtype("int32", { "bits of dy": dy.bits });
  if (dy.shape.join() !== x.shape.join()) {
    throw new RangeError(
      `Cannot differentiate with dy of shape [${dy.shape.join(", ")}] and x of shape [${
        x.shape.join(", ")
      }]: they must be equal`,
    );
  }
  const { gain, bias } = options;
  const inputs = [dy.bits, x.bits, ...(gain === undefined ? [] : [gain])];
  const [dx, ...vectors] = callHalfKernel("NormkitHalfNormGradient", inputs, checked(x, options));
  return {
    dx: { bits: dx!, shape: x.shape },
    ...(gain === undefined ? {} : { dGain: vectors[0]! }),
    ...(bias === undefined ? {} : { dBias: vectors.at(-1)! }),
  };
}
