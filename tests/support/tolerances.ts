// The one table of tolerances. Each is relative to the largest expected magnitude (see close.ts); the backends compute in
// float32, whose rounding unit is 6e-8, and the oracles in float64.

import type { BackendName } from "../../lib/core/mod.ts";

/** What is compared. */
export type Quantity =
  | "value"
  | "gradient"
  | "kernel"
  | "value at mean 1000"
  | "second derivative"
  | "difference of losses"
  | "equal formulas";

type Row = Readonly<Record<BackendName, number>>;

const table: Readonly<Record<Quantity, Row>> = {
  // The promise of the library: composed operations agree with float64 to 1e-5.
  "value": { cpu: 1e-5, wasm: 1e-5, webgpu: 1e-5 },
  "gradient": { cpu: 1e-5, wasm: 1e-5, webgpu: 1e-5 },
  // A kernel takes its sums in float64 (CPU), or in float32 with many partial sums: a few units.
  "kernel": { cpu: 2e-7, wasm: 2e-6, webgpu: 2e-6 },
  // float32 resolves 1000 to 6e-5, so that the mean, and with it x − mean, is off by that; WASM adds one by one, which loses more.
  // A one-pass variance, E[x²] − μ², would be off by 0.1.
  "value at mean 1000": { cpu: 2e-4, wasm: 2e-3, webgpu: 2e-4 },
  // Second derivatives subtract terms of equal size twice; the float64 differences at 1e-6 are good to 1e-9.
  "second derivative": { cpu: 1e-4, wasm: 1e-4, webgpu: 1e-4 },
  // A loss of about 1 is known to 1e-7; at a step of 1e-2 its differences are known to 1e-5, and bent by the third derivative.
  "difference of losses": { cpu: 2e-3, wasm: 2e-3, webgpu: 2e-3 },
  // Two formulas for one number, both rounded: a few units at lengths up to 1023.
  "equal formulas": { cpu: 1e-5, wasm: 1e-5, webgpu: 1e-5 },
};

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
