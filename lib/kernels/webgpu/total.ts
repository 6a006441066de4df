// One number from many: the last step of a loss and of a joint norm.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { mainOfRows, teamFunction } from "./row_source.ts";
import type { Runner } from "./runner_types.ts";
import type { Strategy } from "./strategy.ts";
import { declare } from "./wgsl.ts";

/**
 * Adds all numbers of a tensor, and frees it.
 *
 * @param runner The runner.
 * @param strategy How the threads share the work.
 * @param numbers The tensor.
 * @param result What becomes of the sum, a WGSL expression of `sum` and of `count`; and that count, 1 by default.
 * @returns A scalar.
 */
export function totalOf(
  runner: Runner,
  strategy: Strategy,
  numbers: TensorInfo,
  result: { readonly finish: string; readonly count?: number },
): TensorInfo {
  const { finish, count = 1 } = result;
  const size = tf.util.sizeFromShape(numbers.shape);
  const team = strategy.team(size);
  const [total] = runner.run({
    key: `total ${finish} ${team.rows} ${team.threads}`,
    wgsl: () =>
      `${team.subgroups?.directive ?? ""}${
        declare({
          inputs: { numbers: "f32" },
          outputs: { total: "f32" },
          uniforms: { u32: ["rows", "steps", "size"], f32: ["count"] },
        })
      }${teamFunction("sum", team)}${
        mainOfRows(
          team,
          {
            body: `
    var part = 0.0;
    for (var at = lane; at < uniforms.size; at += ${team.lanes}u) { part += numbers[at]; }
    let sum = sum_of_team(part, thread);
    if (exists && lane == 0u) { let count = uniforms.count; total[0] = ${finish}; }`,
          },
        )
      }`,
    inputs: [numbers],
    outputs: [{ shape: [] }],
    uniforms: { u32: [1, 1, size], f32: [count] },
    groups: 1,
  });
  runner.free(numbers);
  return total!;
}
