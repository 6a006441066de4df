// Sums of chosen rows: the gradient of looking rows up.

import type { Kernels } from "../contract.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

/** Numbers that are worth waking a thread for. */
const worthThread = 65_536;

/** @returns `NormkitScatterRows`. */
export function scatterRowsKernels(
  runtime: Runtime,
): Pick<Kernels<WasmBackend>, "NormkitScatterRows"> {
  return {
    NormkitScatterRows: ([dy, order, starts]) => {
      const [ids, width] = dy!.shape as [number, number];
      const rows = starts!.shape[0]! - 1;
      const sums = runtime.output([rows, width]);
      const addresses = [dy!, order!, starts!, sums].map(runtime.address);
      const numbersOfRow = Math.max(1, width * Math.ceil(ids / Math.max(1, rows)));
      runtime.split(
        "scatterRows",
        rows,
        Math.ceil(worthThread / numbersOfRow),
        (first, count) => [...addresses, width, first, count],
      );
      return [sums];
    },
  };
}
