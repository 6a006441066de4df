// Sums over rows, in two steps: blocks of about √N rows, then their sums, so that there is work for many threads and long
// columns lose little to rounding.

import type { Kernels, TensorInfo } from "../contract.ts";
import { runElementwise } from "./elementwise.ts";
import type { Runner, WebGpuBackend } from "./runner.ts";

/** The sums of blocks of rows: [N, D] → [N / block, D]. */
function sumBlocks(runner: Runner, x: TensorInfo, block: number): TensorInfo {
  const [rows, width] = x.shape as [number, number];
  return runElementwise(runner, {
    key: "NormkitColumnSum",
    inputs: { x: [x, "Vector"] },
    outputs: ["sums"],
    shape: [Math.ceil(rows / block), width],
    width,
    uniforms: {
      names: { u32: ["across", "rows", "block"] },
      values: { u32: [width % 4 === 0 ? width / 4 : width, rows, block] },
    },
    body: `
  let first = at / uniforms.across * uniforms.block;
  let column = at % uniforms.across;
  var sum = Vector();
  for (var row = first; row < min(first + uniforms.block, uniforms.rows); row++) {
    sum += x[row * uniforms.across + column];
  }
  sums[at] = sum;`,
  })[0]!;
}

/** Sums over rows on a device. */
export function columnSumKernels(
  runner: Runner,
): Pick<Kernels<WebGpuBackend>, "NormkitColumnSum"> {
  return {
    NormkitColumnSum: ([x]) => {
      const [rows, width] = x!.shape as [number, number];
      const blocks = sumBlocks(runner, x!, Math.max(1, Math.ceil(Math.sqrt(rows))));
      const sums = sumBlocks(runner, blocks, Math.max(1, rows));
      runner.free(blocks);
      return [{ ...sums, shape: [width] }];
    },
  };
}
