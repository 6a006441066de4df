// Rows times matrices with the gradients, and sums of chosen rows: what linear layers and an embedding need.

import { type CpuKernel, type Plain, plainKernel } from "./plain_kernel.ts";

/** x · w + bias */
function linear(x: Plain, w: Plain, bias: Plain | undefined): Plain<Float32Array> {
  const [inner, outer] = w.shape as [number, number];
  const rows = x.shape[0]!;
  const y = new Float32Array(rows * outer);
  for (let row = 0; row < rows; row++) {
    const total = bias === undefined ? new Float64Array(outer) : Float64Array.from(bias.values);
    for (let i = 0; i < inner; i++) {
      const value = x.values[row * inner + i]!;
      for (let o = 0; o < outer; o++) total[o]! += value * w.values[i * outer + o]!;
    }
    y.set(total, row * outer);
  }
  return { shape: [rows, outer], values: y };
}

/** Linear maps of the same rows. */
export const linearKernel: CpuKernel<"NormkitLinear"> = plainKernel(([x, ...others], { bias }) => {
  const count = bias ? others.length / 2 : others.length;
  return others.slice(0, count).map((w, at) => linear(x!, w, others[count + at]));
});

/** Σ dy · wᵀ over the maps */
function gradientToRows(
  x: Plain,
  dys: readonly Plain[],
  matrices: readonly Plain[],
): Plain<Float32Array> {
  const [rows, inner] = x.shape as [number, number];
  const total = new Float64Array(rows * inner);
  for (const [map, { values: dy, shape }] of dys.entries()) {
    const outer = shape[1]!;
    const w = matrices[map]!.values;
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let o = 0; o < outer; o++) sum += dy[row * outer + o]! * w[i * outer + o]!;
        total[row * inner + i]! += sum;
      }
    }
  }
  return { shape: x.shape, values: Float32Array.from(total) };
}

/** xᵀ · dy */
function gradientToMatrix(x: Plain, dy: Plain): Plain<Float32Array> {
  const [rows, inner] = x.shape as [number, number];
  const outer = dy.shape[1]!;
  const total = new Float64Array(inner * outer);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < inner; i++) {
      const value = x.values[row * inner + i]!;
      for (let o = 0; o < outer; o++) total[i * outer + o]! += value * dy.values[row * outer + o]!;
    }
  }
  return { shape: [inner, outer], values: Float32Array.from(total) };
}

/** The sum of all rows. */
function columnSum({ shape, values }: Plain): Plain<Float32Array> {
  const width = shape[1]!;
  const total = new Float64Array(width);
  values.forEach((value, at) => total[at % width]! += value);
  return { shape: [width], values: Float32Array.from(total) };
}

/** The gradients of linear maps of the same rows. */
export const linearGradientKernel: CpuKernel<"NormkitLinearGradient"> = plainKernel(
  (inputs, { bias }) => {
    const count = (inputs.length - 1) / 2;
    const [dys, x, matrices] = [inputs.slice(0, count), inputs[count]!, inputs.slice(count + 1)];
    return [
      gradientToRows(x, dys, matrices),
      ...dys.map((dy) => gradientToMatrix(x, dy)),
      ...(bias ? dys.map(columnSum) : []),
    ];
  },
);

/** For each row of a table the sum of the rows of dy that were looked up there. */
export const scatterRowsKernel: CpuKernel<"NormkitScatterRows"> = plainKernel(
  ([dy, order, starts]) => {
    const width = dy!.shape[1]!;
    const rows = starts!.shape[0]! - 1;
    const sums = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const total = new Float64Array(width);
      for (const from of order!.values.subarray(starts!.values[row], starts!.values[row + 1])) {
        for (let d = 0; d < width; d++) total[d]! += dy!.values[from * width + d]!;
      }
      sums.set(total, row * width);
    }
    return [{ shape: [rows, width], values: sums }];
  },
);
