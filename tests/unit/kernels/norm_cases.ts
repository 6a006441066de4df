// Cases of the four norm kernels on one set of inputs.

import type { NormAttributes, NormKind } from "../../../lib/kernels/mod.ts";
import type { Given } from "../../support/evaluate.ts";
import { floats, type KernelCase, kernelCase } from "../../support/kernels.ts";

/** The norms. */
export const kinds: readonly NormKind[] = ["layer", "rms", "crms", "crms-padded"];

/** What the cases of a norm have in common. */
export interface NormGiven {
  readonly kind: NormKind;
  readonly shape: readonly number[];
  /** x, or the sum where a branch is added; random numbers in (−1, 1) by default. */
  readonly x?: Given;
  /** What is added to alpha · x; random numbers by default. */
  readonly branch?: Given;
  readonly gain?: boolean;
  readonly bias?: boolean;
  readonly eps?: number;
  readonly alpha?: number;
}

/** The cases by kernel. */
export interface NormCases {
  readonly norm: KernelCase;
  readonly gradient: KernelCase;
  readonly add: KernelCase;
  readonly addGradient: KernelCase;
}

/** Sets the lane that pads a compressed row to 0. */
function padded(kind: NormKind, { shape, values }: Given): Given {
  const width = shape.at(-1)!;
  if (kind !== "crms-padded") return { shape, values };
  return { shape, values: Array.from(values, (v, at) => at % width === width - 1 ? 0 : v) };
}

/** The cases of a norm, with gain and bias unless they are switched off. */
export function normCases(given: NormGiven): NormCases {
  const { kind, shape, gain = true, bias = true, eps = 1e-5, alpha = 1.5 } = given;
  const width = shape.at(-1)!;
  const attributes: NormAttributes = { kind, eps, gain, bias };
  const x = padded(kind, given.x ?? floats(shape, 1));
  const branch = padded(kind, given.branch ?? floats(shape, 2));
  const dy = floats(shape, 3);
  const dSum = floats(shape, 4);
  const gains = gain ? [floats([width], 5, { center: 1.5 })] : [];
  const parameters = [...gains, ...(bias ? [floats([width], 6)] : [])];
  return {
    norm: kernelCase("NormkitNorm", [x, ...parameters], attributes),
    gradient: kernelCase("NormkitNormGradient", [dy, x, ...gains], attributes),
    add: kernelCase("NormkitAddNorm", [x, branch, ...parameters], { ...attributes, alpha }),
    addGradient: kernelCase("NormkitAddNormGradient", [dSum, dy, x, ...gains], attributes),
  };
}
