/**
 * SGD, AdamW, RAdam and clipping by the global norm in float64, on flat rows of parameters.
 * AdamW is PyTorch's: the decay is decoupled, ε stands outside the root, after bias correction. RAdam has the same ε and decay.
 *
 * @module
 */
import { dot, type Row, zip } from "./rows.ts";

/** Settings of AdamW. */
export interface AdamWSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
}

/** Parameters with both moments after `step` steps. */
export interface AdamWState {
  readonly parameters: readonly number[];
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly step: number;
}

/** The state before the first step. */
export function adamWStart(parameters: Row): AdamWState {
  const zeros = Array.from(parameters, () => 0);
  return { parameters: Array.from(parameters), first: zeros, second: zeros, step: 0 };
}

/** One step: `θ ← θ − lr λ θ − lr m̂ / (√v̂ + ε)`. */
export function adamWStep(state: AdamWState, gradient: Row, settings: AdamWSettings): AdamWState {
  const { learningRate, beta1, beta2, eps, weightDecay } = settings;
  const step = state.step + 1;
  const first = zip(state.first, gradient, (m, g) => beta1 * m + (1 - beta1) * g);
  const second = zip(state.second, gradient, (v, g) => beta2 * v + (1 - beta2) * g * g);
  const direction = zip(
    first,
    second,
    (m, v) => m / (1 - beta1 ** step) / (Math.sqrt(v / (1 - beta2 ** step)) + eps),
  );
  const parameters = zip(
    state.parameters,
    direction,
    (p, d) => p - learningRate * weightDecay * p - learningRate * d,
  );
  return { parameters, first, second, step };
}

/** One step of RAdam: AdamW's of a rate that grows with the length of the moving average; before it is 5 long, momentum alone. */
export function rAdamStep(state: AdamWState, gradient: Row, settings: AdamWSettings): AdamWState {
  const { learningRate, beta1, beta2, weightDecay } = settings;
  const step = state.step + 1;
  const longest = 2 / (1 - beta2) - 1;
  const length = longest - 2 * step / (beta2 ** -step - 1);
  const variance = (rho: number): number => rho / ((rho - 2) * (rho - 4)); // of 1/√v̂, but for a factor
  const factor = length > 5 ? Math.sqrt(variance(longest) / variance(length)) : 0;
  const still = adamWStep(state, gradient, { ...settings, learningRate: 0 });
  const full = adamWStep(state, gradient, { ...settings, weightDecay: 0 }).parameters;
  const adaptive = zip(full, state.parameters, (to, from) => factor * (to - from));
  const momentum = still.first.map((m) => -learningRate * m / (1 - beta1 ** step));
  const moved = zip(
    state.parameters,
    factor === 0 ? momentum : adaptive,
    (p, move) => p - learningRate * weightDecay * p + move,
  );
  return { ...still, parameters: moved };
}

/** One step of plain SGD: `θ ← θ − lr g`. */
export function sgdStep(parameters: Row, gradient: Row, learningRate: number): number[] {
  return zip(parameters, gradient, (p, g) => p - learningRate * g);
}

/** The gradients scaled so that their joint norm is at most `limit`, and the norm before. */
export function clipGlobalNorm(
  gradients: readonly Row[],
  limit: number,
): { clipped: number[][]; norm: number } {
  const norm = Math.sqrt(gradients.reduce((total, row) => total + dot(row, row), 0));
  const factor = Math.min(1, limit / norm);
  return { clipped: gradients.map((row) => Array.from(row, (g) => factor * g)), norm };
}
