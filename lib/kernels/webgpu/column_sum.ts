// Sums over rows, in two steps: blocks of about √N rows, then their sums, so that there is work for many threads and long
// columns lose little to rounding.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { runElementwise } from "./elementwise.ts";
import type { Runner } from "./runner_types.ts";

/** The sums of that many blocks of rows: [N, D] → [blocks, D]. */
function sumBlocks(runner: Runner, x: TensorInfo, blocks: number): TensorInfo {
  const [rows, width] = x.shape as [number, number];
  return runElementwise(runner, {
    key: "sum of blocks of rows",
    inputs: { x: [x, "Vector"] },
    outputs: ["sums"],
    shape: [blocks, width],
    width,
    u32: { rows, block: Math.ceil(rows / blocks) },
    body: `
  let first = min(at / uniforms.across * uniforms.block, uniforms.rows);
  let end = min(first + uniforms.block, uniforms.rows);
  let column = at % uniforms.across;
  var sum = Vector();
  for (var row = first; row < end; row++) { sum += x[row * uniforms.across + column]; }
  sums[at] = sum;`,
  })[0]!;
}

/**
 * The sum over rows.
 *
 * @param runner The runner.
 * @param x A matrix [N, D].
 * @returns A new tensor [D].
 */
export function columnSum(runner: Runner, x: TensorInfo): TensorInfo {
  const blocks = sumBlocks(runner, x, Math.ceil(Math.sqrt(x.shape[0]!)));
  const sums = sumBlocks(runner, blocks, 1);
  runner.free(blocks);
  return { ...sums, shape: [x.shape[1]!] };
}

/**
 * tfjs's sum, with what runs instead over leading axes on software adapters (the gradient of a broadcast addition); other sums
 * go to tfjs's own.
 *
 * @param runner The runner.
 * @returns The replacement by name.
 */
export function sumReplacement(runner: Runner): Record<string, tf.KernelFunc> {
  const { kernelFunc: original } = tf.getKernel("Sum", "webgpu");
  return {
    Sum: (call) => {
      const { x } = call.inputs as unknown as { x: TensorInfo };
      const { axis, keepDims } = call.attrs as unknown as {
        axis: number | number[];
        keepDims: boolean;
      };
      const axes = tf.util.parseAxisParam(axis, x.shape).toSorted((a, b) => a - b);
      const leading = axes.every((axis, index) => axis === index);
      const kept = x.shape.slice(axes.length);
      if (!leading || kept.length === 0 || x.dtype !== "float32") {
        return original(call);
      }
      const [rows, width] = [x.shape.slice(0, axes.length), kept].map(tf.util.sizeFromShape);
      const sum = columnSum(runner, { ...x, shape: [rows!, width!] });
      return { ...sum, shape: keepDims ? [...axes.map(() => 1), ...kept] : kept };
    },
  };
}
