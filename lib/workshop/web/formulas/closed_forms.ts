// Closed forms of the papers, as the notebooks derive them: what figures that move are drawn from. Constants of variants and functions of
// gates are the library's own.

import { gates } from "../../../kernels/gate.ts";

/** 1, 2, …, n. */
export const countTo = (n: number): number[] => Array.from({ length: n }, (_, at) => at + 1);

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

/** The share of energy that the ReLU branches of two tokens with correlation ρ have in common (Cho and Saul 2009). */
const kappa = (rho: number): number =>
  (Math.sqrt(1 - rho * rho) + rho * (Math.PI - Math.acos(rho))) / (2 * Math.PI);

/**
 * ‖x_l‖²/d of Pre-LN's stream at the start, at large width: notebook 01, Eq. 5, inside the band of Xiong et al. 2020, Lemma 2.
 *
 * @param depth How many layers L.
 * @param tokens How many tokens n attention averages, at least 1.
 * @returns The value after each of the layers 0 to L.
 */
export function preLnSize(depth: number, tokens: number): number[] {
  let [q, p] = [1, 0];
  return [q].concat(
    countTo(depth).map(() => {
      const c = (1 + (tokens - 1) * p / q) / tokens;
      p += c + kappa(Math.min(1, (p + c) / (q + c)));
      q += c + 1 / 2;
      return q;
    }),
  );
}

/**
 * ‖∂L/∂W²‖ of the last layer at the start: Xiong et al. 2020, Theorem 1, with its constants (notebook 01, Eq. 10).
 *
 * @param size ‖v‖²/d of what the last norm reads: 3/2 in Post-LN, the size of the stream in Pre-LN.
 * @param width The width d.
 * @param tokens The tokens n of a batch.
 * @returns √(d / 2nq)
 */
export const lastGradient = (size: number, width: number, tokens: number): number =>
  Math.sqrt(width / (2 * tokens * size));

/** ‖v‖²/d of what Post-LN's norms read at the start: Xiong et al. 2020, Lemma 2. */
export const postLnSize: number = 3 / 2;

/**
 * What the paper's extension leaves of Post-LN's last gradient in a lower layer: Xiong et al. 2020, supplement (notebook 01, Eq. 11).
 *
 * @param layersAbove How many layers lie above.
 * @returns (2/3)^(layers/2)
 */
export const postLnExtension = (layersAbove: number): number => postLnSize ** (-layersAbove / 2);

/**
 * ‖ΔF‖ / η of one SGD step at most: Wang et al. 2022 (DeepNet), Theorem 4.2, with the step's own length in it (notebook 02, Eq. 5), for
 * v = w = β and a gradient of length 1.
 *
 * @param depth How many layers N, of two sub-layers each.
 * @param alpha What multiplies the shortcut.
 * @param beta What multiplies weights at the start.
 * @returns 2N · 2β² / α²
 */
export const deepNetBound = (depth: number, alpha: number, beta: number): number =>
  2 * depth * 2 * beta ** 2 / alpha ** 2;

/**
 * ΔF / ηd of one SGD step at most: Wang et al. 2022 (Foundation Transformers), Theorems 3.1 and 3.2, where all sub-layers are alike.
 *
 * @param sublayers How many sub-layers L.
 * @param gain γ, by which Sub-LN's weights are multiplied at the start; 1 in Pre-LN.
 * @returns 2 (1 + H_{L−1}) / γ²
 */
export const magnetoBound = (sublayers: number, gain: number): number =>
  2 * (1 + sum(countTo(sublayers - 1).map((k) => 1 / k))) / gain ** 2;

/** The setting of ResiDual's two paths: a branch adds variance σ², of which b² depends on what it reads. */
export interface Branches {
  /** How many sub-layers N. */
  readonly sublayers: number;
  /** The part of a branch that depends on its own input. */
  readonly b: number;
  /** The standard deviation that a branch adds to a stream of 1. */
  readonly sigma: number;
}

/** The gradient that each branch receives in Post-LN: Xie et al. 2023, Theorem 3.1 (notebook 03, Eq. 8). */
export const postLnPath = ({ sublayers, b, sigma }: Branches): number[] =>
  countTo(sublayers).map((k) =>
    ((1 + b ** 2) / (1 + sigma ** 2)) ** ((sublayers - k) / 2) / Math.hypot(1, sigma)
  );

/** The gradient that each branch receives in Pre-LN: Xie et al. 2023, Theorem 3.1 (notebook 03, Eq. 9). */
export const preLnPath = ({ sublayers, b, sigma }: Branches): number[] => {
  const factor = (j: number): number => 1 + b ** 2 / (1 + (j - 1) * sigma ** 2);
  let squared = 1 / (1 + sublayers * sigma ** 2);
  return countTo(sublayers).reverse().map((k) => {
    const own = Math.sqrt(squared);
    squared *= factor(k);
    return own;
  }).reverse();
};

/** The gradient that each branch receives over ResiDual's two paths: Xie et al. 2023, Theorem 3.1 (notebook 03, Eqs. 10 and 11). */
export function resiDualPath({ sublayers, b, sigma }: Branches): number[] {
  const [a, floor] = [1 / Math.hypot(1, sigma), 1 / (1 + sublayers * sigma ** 2)];
  let [g, c] = [1, Math.sqrt(floor)];
  return countTo(sublayers).map(() => {
    const direct = floor + 2 * a * c;
    const whole = a ** 2 * g + direct;
    [g, c] = [(1 + b ** 2) * a ** 2 * g + b ** 2 * direct, a * c];
    return Math.sqrt(whole);
  }).reverse();
}

/**
 * What a gate of GPAS multiplies the stream by: Chen et al. 2025, Eq. 3 (notebook 05, Eq. 1).
 *
 * @param gate The learned number.
 * @returns c = 1 − SiLU(gate)
 */
export const gateScale = (gate: number): number => 1 - gates.silu.value(gate);

/**
 * How many times larger the gradient of a layer's feed-forward matrices is with GPAS than without its stop-gradient: notebook 05, Eq. 8,
 * for one gate in all layers.
 *
 * @param gate The learned number.
 * @param layersAbove How many layers lie above.
 * @returns 1 / c^(2·layers + 1)
 */
export const gpasRatio = (gate: number, layersAbove: number): number =>
  gateScale(gate) ** -(2 * layersAbove + 1);

/** The operations that a norm takes for each number that it reads: notebook 04, §6.4. */
export const normOperations = { layer: 4, rms: 2, crms: 3 } as const;

/** A decoder's training step: its width d, layers, tokens in all, and tokens of a row. */
export interface Step {
  /** The width d. */
  readonly width: number;
  /** How many layers. */
  readonly depth: number;
  /** Tokens of the batch. */
  readonly tokens: number;
  /** Tokens of a row. */
  readonly context: number;
}

/** Sizes that the notebook counts with: the symbols of its text. */
const vocabulary = 96;

/**
 * The operations of a step's norms over those of its products, and what centering adds: notebook 04, §6.4, after Jiang et al. 2023,
 * Fig. 4a.
 *
 * @param step The step.
 * @returns Shares of the products, by name.
 */
export function normShares(
  { width, depth, tokens, context }: Step,
): Readonly<Record<"layer" | "rms" | "crms" | "centering", number>> {
  const products = tokens *
    (depth * (12 * width ** 2 + 2 * width * context) + vocabulary * width);
  const read = (2 * depth + 1) * tokens * width;
  const { layer, rms, crms } = normOperations;
  const writers = depth * 2 * 5 * width ** 2; // W_O and W² of each layer, once per step
  const embedding = 2 * tokens * width;
  return {
    layer: layer * read / products,
    rms: rms * read / products,
    crms: crms * read / products,
    centering: (writers + embedding) / products,
  };
}
