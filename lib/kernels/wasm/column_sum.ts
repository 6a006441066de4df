// The sum over rows: the gradient of a bias.

import type { TensorInfo } from "../contract.ts";
import type { Runtime } from "./runtime.ts";

/** Columns that are summed side by side in source/column_sum.ts. */
const together = 32;

/** Numbers whose sum is worth waking a thread for. */
const worthThread = 100_000;

/**
 * The sum over rows.
 *
 * @param runtime The module.
 * @param x A matrix [N, D].
 * @returns A new tensor [D].
 */
export function columnSum(runtime: Runtime, x: TensorInfo): TensorInfo {
  const [rows, width] = x.shape as [number, number];
  const sums = runtime.output([width]);
  const [from, to] = [runtime.address(x), runtime.address(sums)];
  runtime.split(
    "columnSum",
    Math.ceil(width / together),
    Math.ceil(worthThread / (together * Math.max(rows, 1))),
    (first, count) => {
      const column = first * together;
      const end = Math.min(width, column + count * together);
      return [from, to, rows, width, column, end - column];
    },
  );
  return sums;
}
