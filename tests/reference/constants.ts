/**
 * The depth constants of DeepNorm (α, β) and Sub-LN (γ), as formulas and as a table of their values.
 * `N` is the depth of the encoder, or of the only stack; `M` the depth of the decoder.
 * Source: Wang et al. 2022 (DeepNet), Table of §2; Wang et al. 2022 (Magneto), §3.2.
 *
 * @module
 */

/** DeepNorm's α of a stack that stands alone: `(2N)^(1/4)`. */
export function deepNormDecoderAlpha(depth: number): number {
  return (2 * depth) ** (1 / 4);
}

/** DeepNorm's β of a stack that stands alone: `(8N)^(−1/4)`. */
export function deepNormDecoderBeta(depth: number): number {
  return (8 * depth) ** (-1 / 4);
}

/** Sub-LN's γ of a stack that stands alone: `√ln(2N)`. */
export function subLnDecoderGamma(depth: number): number {
  return Math.sqrt(Math.log(2 * depth));
}

/** The nine constants for one pair of depths. */
export interface DepthConstants {
  /** One stack of N layers. */
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  /** The encoder of an encoder-decoder. */
  readonly encoderAlpha: number;
  readonly encoderBeta: number;
  readonly encoderGamma: number;
  /** The decoder of an encoder-decoder. */
  readonly decoderAlpha: number;
  readonly decoderBeta: number;
  readonly decoderGamma: number;
}

/** The constants straight from the formulas. */
export function depthConstants(n: number, m: number): DepthConstants {
  return {
    alpha: deepNormDecoderAlpha(n),
    beta: deepNormDecoderBeta(n),
    gamma: subLnDecoderGamma(n),
    encoderAlpha: 0.81 * (n ** 4 * m) ** (1 / 16),
    encoderBeta: 0.87 * (n ** 4 * m) ** (-1 / 16),
    encoderGamma: Math.sqrt(Math.log(3 * m) * Math.log(2 * n) / 3),
    decoderAlpha: (3 * m) ** (1 / 4),
    decoderBeta: (12 * m) ** (-1 / 4),
    decoderGamma: Math.sqrt(Math.log(3 * m)),
  };
}

/** One line of the table: the depth, then the constants in the order of the columns. */
type Line = readonly [
  depth: number,
  alpha: number,
  beta: number,
  encoderAlpha: number,
  encoderBeta: number,
  decoderAlpha: number,
  decoderBeta: number,
  gamma: number,
  encoderGamma: number,
  decoderGamma: number,
];

// deno-fmt-ignore
const table: readonly Line[] = [
  //     α       β       enc α   enc β   dec α   dec β   γ       enc γ   dec γ
  [  1, 1.1892, 0.5946, 0.8100, 0.8700, 1.3161, 0.5373, 0.8326, 0.5038, 1.0481],
  [  2, 1.4142, 0.5000, 1.0059, 0.7006, 1.5651, 0.4518, 1.1774, 0.9099, 1.3386],
  [  4, 1.6818, 0.4204, 1.2492, 0.5641, 1.8612, 0.3799, 1.4420, 1.3124, 1.5764],
  [  6, 1.8612, 0.3799, 1.4179, 0.4970, 2.0598, 0.3433, 1.5764, 1.5473, 1.7001],
  [  8, 2.0000, 0.3536, 1.5513, 0.4543, 2.2134, 0.3195, 1.6651, 1.7138, 1.7827],
  [ 12, 2.2134, 0.3195, 1.7609, 0.4002, 2.4495, 0.2887, 1.7827, 1.9484, 1.8930],
  [ 18, 2.4495, 0.2887, 1.9987, 0.3526, 2.7108, 0.2608, 1.8930, 2.1829, 1.9972],
  [ 24, 2.6321, 0.2686, 2.1868, 0.3223, 2.9130, 0.2427, 1.9675, 2.3492, 2.0680],
  [ 48, 3.1302, 0.2259, 2.7156, 0.2595, 3.4641, 0.2041, 2.1364, 2.7498, 2.2293],
  [100, 3.7606, 0.1880, 3.4157, 0.2063, 4.1618, 0.1699, 2.3018, 3.1739, 2.3883],
];

/** One row of the table: a depth N = M and the constants to 4 decimals. */
export interface ConstantsRow extends DepthConstants {
  readonly depth: number;
}

/** The constants at N = M, to 4 decimals. */
export const constantsTable: readonly ConstantsRow[] = table.map((line) => {
  const [depth, alpha, beta, encoderAlpha, encoderBeta, ...rest] = line;
  const [decoderAlpha, decoderBeta, gamma, encoderGamma, decoderGamma] = rest;
  return {
    depth,
    alpha,
    beta,
    gamma,
    encoderAlpha,
    encoderBeta,
    encoderGamma,
    decoderAlpha,
    decoderBeta,
    decoderGamma,
  };
});
