// Rows times a matrix, sums over rows, and sums of chosen rows: what a linear layer, its bias and an embedding need.

import { type CpuKernel, plainKernel } from "./plain_kernel.ts";

/** x · w + bias */
export const linearKernel: CpuKernel<"NormkitLinear"> = plainKernel(([x, w, bias]) => {
  const [inner, outer] = w!.shape as [number, number];
  const rows = x!.shape[0]!;
  const y = new Float32Array(rows * outer);
  for (let row = 0; row < rows; row++) {
    const total = bias === undefined ? new Float64Array(outer) : Float64Array.from(bias.values);
    for (let i = 0; i < inner; i++) {
      const value = x!.values[row * inner + i]!;
      for (let o = 0; o < outer; o++) total[o]! += value * w!.values[i * outer + o]!;
    }
    y.set(total, row * outer);
  }
  return [{ shape: [rows, outer], values: y }];
});

/** The sum of all rows. */
export const columnSumKernel: CpuKernel<"NormkitColumnSum"> = plainKernel(([x]) => {
  const width = x!.shape[1]!;
  const total = new Float64Array(width);
  x!.values.forEach((value, at) => total[at % width]! += value);
  return [{ shape: [width], values: Float32Array.from(total) }];
});

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
