/**
 * GELU in float64, exact and by tanh, and its slope. The normal distribution is integrated by Simpson's rule.
 * Source: Hendrycks & Gimpel 2016, Eq. 1 and 2.
 *
 * @module
 */

/** The form of GELU. */
export type Approximation = "none" | "tanh";

const density = (x: number): number => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);

/** The share of the normal distribution above x ≥ 0: Simpson's rule over [x, x + 10], beyond which lies less than 1e-23. */
function upperTail(x: number): number {
  const steps = 2000;
  const h = 10 / steps;
  let total = density(x) + density(x + 10);
  for (let k = 1; k < steps; k++) total += density(x + k * h) * (k % 2 === 1 ? 4 : 2);
  return total * h / 3;
}

/** Φ(x), good to 1e-7 of itself in the left tail and to 1e-11 around 0. */
export function normalShare(x: number): number {
  return x > 0 ? 1 - upperTail(x) : upperTail(-x);
}

const inner = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const innerSlope = (x: number): number => Math.sqrt(2 / Math.PI) * (1 + 0.134145 * x * x);

/** GELU of one number. */
export function gelu(x: number, approximation: Approximation): number {
  return approximation === "none" ? x * normalShare(x) : x * (1 + Math.tanh(inner(x))) / 2;
}

/** The derivative of {@linkcode gelu}. */
export function geluSlope(x: number, approximation: Approximation): number {
  if (approximation === "none") return normalShare(x) + x * density(x);
  const tanh = Math.tanh(inner(x));
  return (1 + tanh) / 2 + x * (1 - tanh ** 2) * innerSlope(x) / 2;
}
