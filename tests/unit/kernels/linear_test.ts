// The kernels of linear layers and embeddings against float64: products with bias, sums over rows, sums of chosen rows.

import { compilesSlowly } from "../../support/backends.ts";
import type { Given } from "../../support/evaluate.ts";
import {
  assertKernel,
  floats,
  integers,
  type KernelCase,
  kernelCase,
  onEachBackendWith,
} from "../../support/kernels.ts";

/** Rows, inner and outer width of products, of tiles of each kind. */
const fewProducts = [[13, 17, 19], [64, 64, 64], [6, 8, 8]];
const allProducts = [
  ...fewProducts,
  [1, 1, 1],
  [1, 7, 5],
  [2, 3, 129],
  [65, 33, 97],
  [7, 257, 31],
  [128, 40, 128],
  [1, 1023, 3],
  [129, 5, 1],
];
const products = compilesSlowly ? fewProducts : allProducts;

/** One map in every size, or several of the same rows in some, with biases and without. */
const maps = [false, true].flatMap((bias) => [
  { count: 1, bias, sizes: products },
  { count: 2, bias, sizes: [[13, 17, 19], [5, 7, 12]] },
  { count: 3, bias, sizes: [[13, 17, 19], [64, 64, 64]] },
]);

/** Forward and backward of so many maps of one size. */
function linear(
  [rows, inner, outer]: readonly number[],
  { count, bias }: { readonly count: number; readonly bias: boolean },
): KernelCase[] {
  const each = (shape: number[], seed: number): Given[] =>
    Array.from({ length: count }, (_, at) => floats(shape, seed + at));
  const [x, matrices] = [floats([rows!, inner!], 1), each([inner!, outer!], 10)];
  const biases = bias ? each([outer!], 20) : [];
  return [
    kernelCase("NormkitLinear", [x, ...matrices, ...biases], { bias }),
    kernelCase(
      "NormkitLinearGradient",
      [...each([rows!, outer!], 30), x, ...matrices],
      { bias },
    ),
  ];
}

for (const map of maps) {
  const { count, bias, sizes } = map;
  onEachBackendWith(
    ["NormkitLinear", "NormkitLinearGradient"],
    `NormkitLinear and its gradient are the oracle's, ${count} maps ${
      bias ? "with" : "without"
    } biases`,
    async (backend) => {
      for (const given of sizes.flatMap((size) => linear(size, map))) {
        await assertKernel(backend, given);
      }
    },
  );
}

onEachBackendWith(
  ["NormkitLinearGradient"],
  "NormkitLinearGradient adds 100000 rows as the oracle does",
  async (backend) => {
    // x is 0, so that no product of as many rows is compared
    const inputs = [
      floats([100_000, 3], 4),
      floats([100_000, 1], 1, { spread: 0 }),
      floats([1, 3], 2),
    ];
    await assertKernel(backend, kernelCase("NormkitLinearGradient", inputs, { bias: true }));
  },
);

/** Sums of rows by table row: `ids` says where each row of dy was looked up. */
function scatter(
  ids: readonly number[],
  rows: number,
  width: number,
): KernelCase {
  const order = ids.map((_, at) => at).sort((a, b) => ids[a]! - ids[b]! || a - b);
  const starts = Array.from({ length: rows + 1 }, (_, v) => ids.filter((id) => id < v).length);
  const inputs = [floats([ids.length, width], 5), integers(order), integers(starts)];
  return kernelCase("NormkitScatterRows", inputs, {});
}

const scatters = [
  scatter([0], 1, 1),
  scatter([2, 0, 2, 2, 4], 6, 3),
  scatter([1], 3, 127),
  scatter(Array.from({ length: 300 }, (_, at) => (at * at) % 17), 29, 33),
  scatter(Array.from({ length: 64 }, () => 5), 8, 64),
  scatter(Array.from({ length: 100 }, (_, at) => 99 - at), 100, 12),
];

onEachBackendWith(
  ["NormkitScatterRows"],
  "NormkitScatterRows is the oracle's; rows never looked up are 0",
  async (backend) => {
    for (const given of scatters) await assertKernel(backend, given);
  },
);
