// The gradient of looking rows up: each row of the table adds the rows of dy that came from it, in a fixed order.

import type { Kernels } from "../contract.ts";
import { runElementwise } from "./elementwise.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";

/** Sums of chosen rows on a device. */
export function scatterRowsKernels(
  runner: Runner,
): Pick<Kernels<WebGpuBackend>, "NormkitScatterRows"> {
  return {
    NormkitScatterRows: ([dy, order, starts]) => {
      const width = dy!.shape[1]!;
      return runElementwise(runner, {
        key: "NormkitScatterRows",
        inputs: { dy: [dy!, "Vector"], order: [order!, "i32"], starts: [starts!, "i32"] },
        outputs: ["sums"],
        shape: [starts!.shape[0]! - 1, width],
        width,
        body: `
  let row = at / uniforms.across;
  let column = at % uniforms.across;
  var sum = Vector();
  for (var k = starts[row]; k < starts[row + 1u]; k++) {
    sum += dy[u32(order[k]) * uniforms.across + column];
  }
  sums[at] = sum;`,
      });
    },
  };
}
