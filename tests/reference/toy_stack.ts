/**
 * A reproducible toy stack for tests of the residual oracles: random matrices, gains far from 1,
 * biases far from 0 and gates on both sides of 0, so that no two parameters can be confused.
 *
 * @module
 */
import type { NormKind } from "./norms.ts";
import { randomRow, randomRows, uniform } from "./random.ts";
import type {
  OracleLayer,
  OracleNormParams,
  OracleNorms,
  OracleStack,
  OracleSublayer,
} from "./residuals.ts";

/** Sizes of a toy stack. */
export interface ToySizes {
  readonly depth: number;
  readonly width: number;
  readonly hidden: number;
  readonly norm: NormKind;
}

/** A random stack of these sizes, the same for the same seed. */
export function toyStack({ depth, width, hidden, norm }: ToySizes, seed: number): OracleStack {
  const next = uniform(seed);
  const params = (length: number): OracleNormParams => ({
    gain: randomRow(next, length).map((value) => 1.2 + 0.6 * value),
    bias: randomRow(next, length).map((value) => 0.4 * value),
  });
  const sublayer = (): OracleSublayer => ({
    w1: randomRows(next, width, hidden),
    w2: randomRows(next, hidden, width),
  });
  const norms = (): OracleNorms => ({
    input: params(width),
    inner: params(hidden),
    output: params(width),
    stream: params(width),
  });
  const layer = (): OracleLayer => ({
    sublayers: [sublayer(), sublayer()],
    norms: [norms(), norms()],
    gate: 0.9 * next(),
  });
  return { layers: Array.from({ length: depth }, layer), final: params(width), eps: 1e-5, norm };
}
