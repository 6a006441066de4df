// The norms, alone and after a residual addition, with their gradients. Sums are taken in float64, the mean before the variance;
// one that single precision does not hold is infinite, as on the other backends.

import type { NormAttributes, NormKind } from "../contract.ts";
import { held } from "../overflow.ts";
import { type CpuKernel, type Plain, plainKernel } from "./plain_kernel.ts";

/** What a norm reads of a row of that width, and what it divides the sum of squares by. */
const measures: Readonly<Record<NormKind, (width: number) => { lanes: number; divisor: number }>> =
  {
    "layer": (width) => ({ lanes: width, divisor: width }),
    "rms": (width) => ({ lanes: width, divisor: width }),
    "crms": (width) => ({ lanes: width, divisor: width + 1 }),
    "crms-padded": (width) => ({ lanes: width - 1, divisor: width }),
  };

/** A row before gain and bias: n = (x − mean) · scale. */
interface Normalized {
  readonly n: Float64Array;
  readonly scale: number;
  /** Σ n */
  readonly total: number;
}

const sum = (row: Float64Array): number => held(row.reduce((total, value) => total + value, 0));

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, lane) => total + value * b[lane]!, 0);
}

function normalize(x: Float64Array, kind: NormKind, divisor: number, eps: number): Normalized {
  const total = sum(x);
  const mean = kind === "layer" ? total / divisor : 0;
  const centered = x.map((value) => value - mean);
  // CRMSNorm completes the vector with the value that was left out, −Σx
  const completed = kind === "layer" || kind === "rms" ? 0 : total;
  const scale = 1 / Math.sqrt(held(dot(centered, centered) + completed ** 2) / divisor + eps);
  return { n: centered.map((value) => value * scale), scale, total: completed * scale };
}

/** Calls `visit` with where each row starts, and with the row's lanes that count, in float64. */
function eachRow(
  x: Plain,
  lanes: number,
  visit: (row: Float64Array, start: number) => void,
): void {
  const width = x.shape.at(-1)!;
  for (let start = 0; start < x.values.length; start += width) {
    visit(Float64Array.from(x.values.subarray(start, start + lanes)), start);
  }
}

/** [x, gain?, bias?] → y */
function norm([x, ...parameters]: readonly Plain[], attributes: NormAttributes): Plain<
  Float32Array
> {
  const { kind, eps } = attributes;
  const { lanes, divisor } = measures[kind](x!.shape.at(-1)!);
  const gain = attributes.gain ? parameters[0]!.values : undefined;
  const bias = attributes.bias ? parameters.at(-1)!.values : undefined;
  const y = new Float32Array(x!.values.length);
  eachRow(x!, lanes, (row, start) => {
    const { n } = normalize(row, kind, divisor, eps);
    for (let lane = 0; lane < lanes; lane++) {
      y[start + lane] = n[lane]! * (gain?.[lane] ?? 1) + (bias?.[lane] ?? 0);
    }
  });
  return { shape: x!.shape, values: y };
}

/** [dy, x, gain?] → [dx, dGain?, dBias?] */
function normGradient(
  [dy, x, gain]: readonly Plain[],
  attributes: NormAttributes,
): Plain<Float32Array>[] {
  const { kind, eps } = attributes;
  const width = x!.shape.at(-1)!;
  const { lanes, divisor } = measures[kind](width);
  const dx = new Float32Array(x!.values.length);
  const dGain = new Float64Array(width);
  const dBias = new Float64Array(width);
  eachRow(x!, lanes, (row, start) => {
    const { n, scale, total } = normalize(row, kind, divisor, eps);
    const dn = n.map((_, lane) => dy!.values[start + lane]! * (gain?.values[lane] ?? 1));
    const along = dot(dn, n) / divisor;
    const mean = kind === "layer" ? sum(dn) / divisor : 0;
    for (let lane = 0; lane < lanes; lane++) {
      dx[start + lane] = scale * (dn[lane]! - mean - (n[lane]! + total) * along);
      dGain[lane]! += dy!.values[start + lane]! * n[lane]!;
      dBias[lane]! += dy!.values[start + lane]!;
    }
  });
  const vectors = [...(attributes.gain ? [dGain] : []), ...(attributes.bias ? [dBias] : [])];
  return [
    { shape: x!.shape, values: dx },
    ...vectors.map((vector) => ({ shape: [width], values: Float32Array.from(vector) })),
  ];
}

/** LayerNorm, RMSNorm or CRMSNorm of each row. */
export const normKernel: CpuKernel<"NormkitNorm"> = plainKernel((inputs, attributes) => [
  norm(inputs, attributes),
]);

/** dx, dγ and dβ of a norm of rows. */
export const normGradientKernel: CpuKernel<"NormkitNormGradient"> = plainKernel(normGradient);

/** A residual addition and the norm of its sum. */
export const addNormKernel: CpuKernel<"NormkitAddNorm"> = plainKernel(
  ([x, branch, ...parameters], attributes) => {
    const values = new Float32Array(x!.values.length);
    for (let i = 0; i < values.length; i++) {
      values[i] = attributes.alpha * x!.values[i]! + branch!.values[i]!;
    }
    const sum = { shape: x!.shape, values };
    return [sum, norm([sum, ...parameters], attributes)];
  },
);

/** The gradients of both: what reaches the sum directly and through the norm. */
export const addNormGradientKernel: CpuKernel<"NormkitAddNormGradient"> = plainKernel(
  ([dSum, ...inputs], attributes) => {
    const [through, ...vectors] = normGradient(inputs, attributes);
    const values = through!.values.map((value, i) => value + dSum!.values[i]!);
    return [{ shape: through!.shape, values }, ...vectors];
  },
);
