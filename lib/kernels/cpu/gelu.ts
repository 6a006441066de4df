// GELU, exact and by tanh, with its gradient.

import type { Contract } from "../contract.ts";
import { type CpuKernel, plainKernel } from "./plain_kernel.ts";

/** A function and its derivative. */
interface Curve {
  value(x: number): number;
  slope(x: number): number;
}

/** φ(x), the density of the normal distribution. */
const density = (x: number): number => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);

/** Φ(x), the share of the normal distribution below x, good to 1e-13 of itself. */
function share(x: number): number {
  if (x > 3) return 1 - share(-x);
  if (x < -3) {
    // Laplace's continued fraction 1 / (x + 1 / (x + 2 / (x + …
    let fraction = -x;
    for (let k = 60; k > 0; k--) fraction = -x + k / fraction;
    return density(x) / fraction;
  }
  // x + x³/3 + x⁵/(3 · 5) + …
  let term = x;
  let total = x;
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) total += term *= x * x / k;
  return 0.5 + density(x) * total;
}

const tanhOf = (x: number): number => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

const curves: Readonly<Record<Contract["NormkitGelu"]["approximation"], Curve>> = {
  none: {
    value: (x) => x * share(x),
    slope: (x) => share(x) + x * density(x),
  },
  tanh: {
    value: (x) => x * (1 + tanhOf(x)) / 2,
    slope: (x) => {
      const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
      return (1 + tanhOf(x)) / 2 + x * (1 - tanhOf(x) ** 2) * inner / 2;
    },
  },
};

/** GELU of each value. */
export const geluKernel: CpuKernel<"NormkitGelu"> = plainKernel(([x], { approximation }) => [
  { shape: x!.shape, values: Float32Array.from(x!.values, curves[approximation].value) },
]);

/** dx of y = GELU(x), from dy and x. */
export const geluGradientKernel: CpuKernel<"NormkitGeluGradient"> = plainKernel(
  ([dy, x], { approximation }) => {
    const { slope } = curves[approximation];
    const values = Float32Array.from(x!.values, (value, i) => dy!.values[i]! * slope(value));
    return [{ shape: x!.shape, values }];
  },
);
