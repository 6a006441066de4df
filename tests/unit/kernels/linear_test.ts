// The kernels of linear layers and embeddings against float64: products with bias, sums over rows, sums of chosen rows.

import {
  assertKernel,
  floats,
  integers,
  type KernelCase,
  kernelCase,
  onEachBackendWith,
} from "../../support/kernels.ts";

/** Rows, inner and outer width of products. */
const products = [
  [1, 1, 1],
  [1, 7, 5],
  [2, 3, 129],
  [13, 17, 19],
  [64, 64, 64],
  [65, 33, 97],
  [6, 8, 8],
  [7, 257, 31],
  [128, 40, 128],
  [1, 1023, 3],
  [301, 5, 1],
];

const linear = products.flatMap(([rows, inner, outer]) => {
  const inputs = [floats([rows!, inner!], 1), floats([inner!, outer!], 2)];
  return [
    kernelCase("NormkitLinear", inputs, {}),
    kernelCase("NormkitLinear", [...inputs, floats([outer!], 3)], {}),
  ];
});

onEachBackendWith(
  ["NormkitLinear"],
  "NormkitLinear is the oracle's, with and without bias",
  async (backend) => {
    for (const given of linear) await assertKernel(backend, given);
  },
);

const columns = [[1, 1], [1, 33], [2, 5], [3, 127], [17, 1], [65, 12], [33, 1023], [1000, 7], [
  100_000,
  3,
]].map((shape) => kernelCase("NormkitColumnSum", [floats(shape, 4)], {}));

onEachBackendWith(
  ["NormkitColumnSum"],
  "NormkitColumnSum is the oracle's, of 100000 rows too",
  async (backend) => {
    for (const given of columns) await assertKernel(backend, given);
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
