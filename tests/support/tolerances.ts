// The one table of tolerances. Each is relative to the largest expected magnitude (see close.ts); the backends compute in
// float32, whose rounding unit is 6e-8, and the oracles in float64.

import type { BackendName } from "../../lib/backend/mod.ts";

/** What is compared. */
export type Quantity =
  | "value"
  | "gradient"
  | "kernel"
  | "kernel at a large mean"
  | "kernel beside an outlier"
  | "kernel against the CPU's"
  | "product"
  | "slope of a gate"
  | "tail of GELU"
  | "probability"
  | "exp of hundreds"
  | "value at mean 1000"
  | "second derivative"
  | "difference of losses"
  | "difference of gradients"
  | "equal formulas"
  | "parameters after 50 steps"
  | "model"
  | "conversion";

type Row = Readonly<Record<BackendName, number>>;

const table: Readonly<Record<Quantity, Row>> = {
  // The promise of the library: composed operations agree with float64 to 1e-5.
  "value": { cpu: 1e-5, wasm: 1e-5, webgpu: 1e-5 },
  "gradient": { cpu: 1e-5, wasm: 1e-5, webgpu: 1e-5 },
  // A kernel takes its sums in float64 (CPU), or in float32 with many partial sums: a few units.
  "kernel": { cpu: 2e-7, wasm: 2e-6, webgpu: 2e-6 },
  // A tenth of what tfjs's moments err at mean 1000 (4e-5 on WebGPU), here up to mean 1e5.
  "kernel at a large mean": { cpu: 2e-7, wasm: 4e-6, webgpu: 4e-6 },
  // Values of about 1 in a row whose root is about 1e4 / √D.
  "kernel beside an outlier": { cpu: 2e-7, wasm: 1e-5, webgpu: 1e-5 },
  // Both rounded to float32; products of up to 300 are added one by one.
  "kernel against the CPU's": { cpu: 0, wasm: 3e-6, webgpu: 3e-6 },
  // Sums of up to 129 products in float32, one by one on the CPU.
  "product": { cpu: 2e-6, wasm: 2e-6, webgpu: 2e-6 },
  // 1 − tanh² is 0.01 at 3, of which float32 keeps five digits.
  "slope of a gate": { cpu: 2e-7, wasm: 1e-5, webgpu: 1e-5 },
  // x Φ(x) where Φ is between 3e-7 and 6e-3; the CPU's series keeps all digits.
  "tail of GELU": { cpu: 2e-7, wasm: 1e-5, webgpu: 1e-5 },
  // log Σ exp is kept in float32, which resolves 8 to 5e-7 and 1000 to 6e-5: so much do the probabilities change.
  "probability": { cpu: 1e-6, wasm: 3e-6, webgpu: 3e-6 },
  "exp of hundreds": { cpu: 1e-4, wasm: 1e-4, webgpu: 1e-4 },
  // float32 resolves 1000 to 6e-5, so that the mean, and with it x − mean, is off by that; WASM adds one by one, which loses more.
  // A one-pass variance, E[x²] − μ², would be off by 0.1.
  "value at mean 1000": { cpu: 2e-4, wasm: 2e-3, webgpu: 2e-4 },
  // Second derivatives subtract terms of equal size twice; the float64 differences at 1e-6 are good to 1e-9.
  "second derivative": { cpu: 1e-4, wasm: 1e-4, webgpu: 1e-4 },
  // A loss of about 1 is known to 1e-7; at a step of 1e-2 its differences are known to 1e-5, and bent by the third derivative.
  "difference of losses": { cpu: 2e-3, wasm: 2e-3, webgpu: 2e-3 },
  // Gradients known to 1e-6 at steps of 5e-3, and bent by the third derivative.
  "difference of gradients": { cpu: 4e-3, wasm: 4e-3, webgpu: 4e-3 },
  // Two formulas for one number, both rounded: a few units at lengths up to 1023.
  "equal formulas": { cpu: 1e-5, wasm: 1e-5, webgpu: 1e-5 },
  // AdamW divides each gradient by its own size, so that where it is near rounding a step goes elsewhere. Equal models in other
  // forms were apart by 1e-6 at most seeds, and by 1e-5 at the worst of three.
  "parameters after 50 steps": { cpu: 5e-5, wasm: 5e-5, webgpu: 5e-5 },
  // Logits of tiny models of all families: at most 3e-7 on the CPU, 7e-7 elsewhere; transformers' own float32 errs by 7e-7.
  "model": { cpu: 1e-6, wasm: 2e-6, webgpu: 2e-6 },
  // Two models, each with that error.
  "conversion": { cpu: 2e-6, wasm: 4e-6, webgpu: 4e-6 },
};

/** What is compared in float64, whose rounding unit is 1e-16. */
export type Float64Quantity = keyof typeof float64Table;

const float64Table = {
  // Sums of up to seven numbers of size 1, in another order.
  "sum": 1e-15,
  // Sums of up to a hundred such numbers.
  "sum of many": 1e-14,
  // Measured: 1e-15 at most.
  "model of transformers": 1e-12,
  // transformers has √(2/π) of GELU to nine digits here, 0.79788456: 8e-11 in the logits.
  "BLOOM of transformers": 1e-9,
  "Marian of transformers": 1e-7, // whose table of positions is computed in single precision
  // The same function with sums in another order: 2e-15 at most in models of two layers, a few units more after a round trip.
  "conversion": 1e-13,
  // A conversion whose weights were rounded to float32, computed in float64: 2e-7 at most.
  "weights in float32": 1e-6,
  // A stream of 4e-4 of its size loses as many digits.
  "conversion of a nearly closed gate": 1e-11,
} as const;

/**
 * How far a float64 result may be from what is expected.
 *
 * @param quantity What it is.
 * @returns The largest allowed difference, divided by the largest expected magnitude.
 */
export function toleranceInFloat64(quantity: Float64Quantity): number {
  return float64Table[quantity];
}

/**
 * How far a result may be from what is expected.
 *
 * @param backend Where it was computed.
 * @param quantity What it is.
 * @returns The largest allowed difference, divided by the largest expected magnitude.
 */
export function tolerance(backend: BackendName, quantity: Quantity): number {
  return table[quantity][backend];
}
