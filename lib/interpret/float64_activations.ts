// The functions of feed-forward networks in float64, to its full precision.

import type { ActivationName } from "../model/spec.ts";

/** φ(x), the density of the normal distribution. */
const density = (x: number): number => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);

/** Φ(x), the share of the normal distribution below x, good to 1e-14 of itself. */
function normalShare(x: number): number {
  if (x > 2) return 1 - normalShare(-x);
  if (x < -2) {
    // Laplace's continued fraction a + 1 / (a + 2 / (a + …, where the terms left out are their own limit
    const a = -x;
    const terms = Math.ceil(240 / (x * x)) + 10;
    let fraction = (a + Math.sqrt(a * a + 4 * terms)) / 2;
    for (let k = terms - 1; k > 0; k--) fraction = a + k / fraction;
    return density(x) / fraction;
  }
  // x + x³/3 + x⁵/(3 · 5) + …
  let term = x;
  let total = x;
  for (let k = 3; Math.abs(term) > 1e-18; k += 2) total += term *= x * x / k;
  return 0.5 + density(x) * total;
}

/** Each function of one number, by its name. */
export const activations: Readonly<Record<ActivationName, (x: number) => number>> = {
  "gelu": (x) => x * normalShare(x),
  "gelu_new": (x) => x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2,
  "relu": (x) => Math.max(x, 0),
  "relu2": (x) => Math.max(x, 0) ** 2,
  "silu": (x) => x / (1 + Math.exp(-x)),
  "quick_gelu": (x) => x / (1 + Math.exp(-1.702 * x)),
  "tanh": Math.tanh,
};
