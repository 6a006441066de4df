// The matrix product of software adapters, where lanes hand numbers to each other and where every lane reads them all, and the
// linear kernel of hardware, which is tfjs's own product.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../../../lib/core/tensor.ts";
import { useBackend } from "../../../../lib/kernels/mod.ts";
import { linearKernels } from "../../../../lib/kernels/webgpu/linear.ts";
import {
  type Product,
  type ProductInputs,
  softwareProduct,
} from "../../../../lib/kernels/webgpu/product.ts";
import { openRunner } from "../../../../lib/kernels/webgpu/runner.ts";
import type { WebGpuBackend } from "../../../../lib/kernels/webgpu/runner_types.ts";
import { chooseStrategy, type RowStrategy } from "../../../../lib/kernels/webgpu/strategy.ts";
import { matmul, type Rows, transpose } from "../../../reference/rows.ts";
import { onBackend } from "../../../support/backends.ts";
import { assertClose } from "../../../support/close.ts";
import { matrixOf, numbersOf, tensorOf } from "../../../support/evaluate.ts";
import { floats, kernelCase } from "../../../support/kernels.ts";
import { assertLaunch } from "../../../support/launch.ts";
import { tolerance } from "../../../support/tolerances.ts";
import { onGpuWithRows } from "../../../support/webgpu_features.ts";

const ways = { "handing over": "subgroup", "reading all": "thread" } as const;

const flags = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB }))
);

/** Rows, inner length, columns: less than a tile, a tile, a tile and a bit; with and without a remainder by four. */
const sizes = [[1, 1, 1], [3, 5, 7], [8, 4, 12], [32, 32, 32], [33, 34, 35], [16, 7, 40], [
  65,
  12,
  97,
]] as const;

function rowsOf(count: number, width: number, seed: number): Rows {
  const values = Array.from(floats([count, width], seed).values);
  return Array.from({ length: count }, (_, at) => values.slice(at * width, (at + 1) * width));
}

/** Calls the product on two tensors. */
const multiply = (
  product: Product,
  { a, b, ...flags }: Omit<ProductInputs, "a" | "b"> & { a: Tensor; b: Tensor },
): Tensor => tf.engine().makeTensorFromTensorInfo(product({ a: [a], b: [b], ...flags })[0]!);

function onWebGpu(
  name: string,
  body: (backend: WebGpuBackend) => Promise<void>,
  rows: RowStrategy = "thread",
): void {
  onGpuWithRows(
    rows,
    name,
    () => onBackend("webgpu", () => body(tf.backend() as unknown as WebGpuBackend)),
  );
}

for (const [way, forced] of Object.entries(ways)) {
  const open = async (backend: WebGpuBackend): Promise<Product> =>
    softwareProduct(openRunner(backend), await chooseStrategy(backend.device, forced));
  const onGpu = (name: string, body: (backend: WebGpuBackend) => Promise<void>): void =>
    onWebGpu(name, body, forced);

  onGpu(
    `softwareProduct() ${way} is float64's, in every transposition and size`,
    async (gpu) => {
      const product = await open(gpu);
      for (const [count, inner, columns] of sizes) {
        const [a, b] = [rowsOf(count, inner, 1), rowsOf(inner, columns, 2)];
        const expected = matmul(a, b).flat();
        for (const { transposeA, transposeB } of flags) {
          const [value] = await numbersOf(() => [
            multiply(product, {
              a: tensorOf(matrixOf(transposeA ? transpose(a) : a)),
              b: tensorOf(matrixOf(transposeB ? transpose(b) : b)),
              transposeA,
              transposeB,
            }),
          ]);
          const of = `[${count}, ${inner}] by [${inner}, ${columns}], ${transposeA}, ${transposeB}`;
          assertClose(value!, expected, tolerance("webgpu", "product"), of);
        }
      }
    },
  );

  onGpu(`softwareProduct() ${way} takes no number from the next matrix`, async (gpu) => {
    const product = await open(gpu);
    for (const { transposeA, transposeB } of flags) {
      const [value] = await numbersOf(() => {
        const pair = (shape: [number, number]): Tensor =>
          tf.stack([tf.ones(shape), tf.fill(shape, NaN)]);
        const [a, b] = [
          pair(transposeA ? [5, 3] : [3, 5]),
          pair(transposeB ? [6, 5] : [5, 6]),
        ];
        return [tf.slice(multiply(product, { a, b, transposeA, transposeB }), 0, 1)];
      });
      assertEquals(value, Array<number>(18).fill(5), `${transposeA}, ${transposeB}`);
    }
  });
}

onWebGpu("softwareProduct() repeats matrices along axes of length 1", async (gpu) => {
  const strategy = await chooseStrategy(gpu.device);
  const product = softwareProduct(openRunner(gpu), strategy);
  const [first, second] = [[rowsOf(4, 5, 1), rowsOf(4, 5, 2)], [
    rowsOf(5, 6, 3),
    rowsOf(5, 6, 4),
    rowsOf(5, 6, 5),
  ]];
  const [value] = await numbersOf(() => [
    multiply(product, {
      a: tf.tensor(first.flat(2), [2, 1, 4, 5]),
      b: tf.tensor(second.flat(2), [3, 5, 6]),
    }),
  ]);
  const expected = first.flatMap((a) => second.flatMap((b) => matmul(a, b).flat()));
  assertClose(value!, expected, tolerance("webgpu", "product"), "[2, 1] by [3]");
});

onWebGpu("linearKernels() without a product of ours runs tfjs's, with its biases", async (gpu) => {
  await useBackend("webgpu", { kernels: "composed" });
  const kernels = linearKernels(openRunner(gpu), undefined);
  const [x, w, more] = [floats([9, 17], 1), floats([17, 33], 2), floats([17, 33], 3)];
  const [b, dy] = [floats([33], 4), floats([9, 33], 5)];
  const given = [[x, w], [x, w, b], [x, w, more, b, b]];
  for (const inputs of given) {
    const bias = inputs.includes(b);
    await assertLaunch(kernels, kernelCase("NormkitLinear", inputs, { bias }));
  }
  for (const inputs of [[dy, x, w], [dy, dy, x, w, more]]) {
    for (const bias of [false, true]) {
      await assertLaunch(kernels, kernelCase("NormkitLinearGradient", inputs, { bias }));
    }
  }
});
