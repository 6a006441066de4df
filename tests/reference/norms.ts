/**
 * The three norms in float64, as the papers write them, with gradients derived by hand.
 * Values work on one row; gradients on rows, since gain and bias collect from all of them.
 * This is a measure for the library's norms, so nothing here comes from the library.
 *
 * @module
 */
import { dot, mean, type Row, type Rows, sum, transpose, zip, zipRows } from "./rows.ts";

/** The kinds of norm. */
export type NormKind = "layer" | "rms" | "crms";

/** Affine parameters and ε of a norm; an absent gain is 1, an absent bias 0. */
export interface NormOptions {
  readonly gain?: Row;
  readonly bias?: Row;
  readonly eps: number;
}

/** Gradients of `Σ dy ⊙ norm(x)`. */
export interface NormGradients {
  readonly dx: number[][];
  readonly dGain: number[];
  readonly dBias: number[];
}

/** A row before gain and bias, and the root it was divided by. */
interface Normalized {
  readonly n: readonly number[];
  readonly root: number;
}

interface Definition {
  normalize(x: Row, eps: number): Normalized;
  /** The gradient to `x`, given the gradient `dn` to the normalized row. */
  pull(normalized: Normalized, dn: readonly number[]): number[];
}

const meanSquare = (x: Row): number => dot(x, x) / x.length;
const divide = (x: Row, root: number): Normalized => ({ n: Array.from(x, (v) => v / root), root });

const definitions: Readonly<Record<NormKind, Definition>> = {
  // (x − μ) / √(mean((x − μ)²) + ε)
  layer: {
    normalize: (x, eps) => {
      const average = mean(x);
      const centered = Array.from(x, (value) => value - average);
      return divide(centered, Math.sqrt(meanSquare(centered) + eps));
    },
    pull: ({ n, root }, dn) => {
      const along = dot(dn, n) / n.length;
      const average = mean(dn);
      return zip(dn, n, (d, v) => (d - average - v * along) / root);
    },
  },
  // x / √(mean(x²) + ε)
  rms: {
    normalize: (x, eps) => divide(x, Math.sqrt(meanSquare(x) + eps)),
    pull: ({ n, root }, dn) => {
      const along = dot(dn, n) / n.length;
      return zip(dn, n, (d, v) => (d - v * along) / root);
    },
  },
  // x / √((Σ x² + (Σ x)²) / d + ε), where x holds d − 1 values
  crms: {
    normalize: (x, eps) => {
      const d = x.length + 1;
      return divide(x, Math.sqrt((dot(x, x) + sum(x) ** 2) / d + eps));
    },
    pull: ({ n, root }, dn) => {
      const along = dot(dn, n) / (n.length + 1);
      const total = sum(n);
      return zip(dn, n, (d, v) => (d - (v + total) * along) / root);
    },
  },
};

/** The norm of that kind of one row: `gain ⊙ n(x) + bias`. */
export function norm(kind: NormKind, x: Row, { gain, bias, eps }: NormOptions): number[] {
  const { n } = definitions[kind].normalize(x, eps);
  const scaled = gain ? zip(n, gain, (v, g) => v * g) : [...n];
  return bias ? zip(scaled, bias, (v, b) => v + b) : scaled;
}

/** Gradients of the norm of that kind, given the gradient `dy` to its output. */
export function normGrad(kind: NormKind, x: Rows, dy: Rows, options: NormOptions): NormGradients {
  const { gain, eps } = options;
  const definition = definitions[kind];
  const normalized = x.map((row) => definition.normalize(row, eps));
  const perRow = zipRows(normalized.map(({ n }) => n), dy, (n, d) => zip(n, d, (v, g) => v * g));
  return {
    dx: normalized.map((state, index) => {
      const d = dy[index] as readonly number[];
      return definition.pull(state, gain ? zip(d, gain, (v, g) => v * g) : d);
    }),
    dGain: transpose(perRow).map(sum),
    dBias: transpose(dy).map(sum),
  };
}

/**
 * LayerNorm of one row: `gain ⊙ (x − μ) / √(mean((x − μ)²) + ε) + bias`.
 * Source: Jiang et al. 2023, Eq. 1.
 */
export function layerNorm(x: Row, options: NormOptions): number[] {
  return norm("layer", x, options);
}

/**
 * RMSNorm of one row: `gain ⊙ x / √(mean(x²) + ε) + bias`.
 * Source: Jiang et al. 2023, Eq. 2.
 */
export function rmsNorm(x: Row, options: NormOptions): number[] {
  return norm("rms", x, options);
}

/**
 * CRMSNorm of the d − 1 compressed values: `gain ⊙ x / √((Σ x² + (Σ x)²) / d + ε) + bias`.
 * Source: Jiang et al. 2023, Eq. 5.
 */
export function crmsNorm(x: Row, options: NormOptions): number[] {
  return norm("crms", x, options);
}

/** Gradients of {@linkcode layerNorm} over rows. */
export function layerNormGrad(x: Rows, dy: Rows, options: NormOptions): NormGradients {
  return normGrad("layer", x, dy, options);
}

/** Gradients of {@linkcode rmsNorm} over rows. */
export function rmsNormGrad(x: Rows, dy: Rows, options: NormOptions): NormGradients {
  return normGrad("rms", x, dy, options);
}

/** Gradients of {@linkcode crmsNorm} over rows. */
export function crmsNormGrad(x: Rows, dy: Rows, options: NormOptions): NormGradients {
  return normGrad("crms", x, dy, options);
}
