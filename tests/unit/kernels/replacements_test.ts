// tfjs's own kernels that a backend may replace, through tfjs's operations, against float64: products in every transposition,
// alone and in batches, with their gradients; copies; sums of segments.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { matmul, type Rows, transpose } from "../../reference/rows.ts";
import { backends, onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { type Given, numbersOf, pull, tensorOf } from "../../support/evaluate.ts";
import { floats } from "../../support/kernels.ts";
import { tolerance } from "../../support/tolerances.ts";

/** A matrix as it is stored, transposed or not. */
interface Factor {
  readonly given: Given;
  readonly transposed: boolean;
}

const factor = (rows: number, columns: number, transposed: boolean, seed: number): Factor => ({
  given: floats(transposed ? [columns, rows] : [rows, columns], seed),
  transposed,
});

/** The matrix that is meant. */
function meant({ given: { shape, values }, transposed }: Factor): Rows {
  const [, width] = shape as [number, number];
  const flat = Array.from(values);
  const rows = Array.from(
    { length: shape[0]! },
    (_, at) => flat.slice(at * width, at * width + width),
  );
  return transposed ? transpose(rows) : rows;
}

/** Numbers as they are stored. */
const stored = (rows: Rows, { transposed }: Factor): number[] =>
  (transposed ? transpose(rows) : rows).flat();

const sizes = [[1, 1, 1], [1, 9, 33], [4, 4, 4], [13, 17, 19], [6, 129, 8], [65, 33, 97], [
  64,
  32,
  64,
], [37, 1, 41]];
const flags = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));

for (const [transposeA, transposeB] of flags) {
  const how = `${transposeA ? "aᵀ" : "a"} ${transposeB ? "bᵀ" : "b"}`;

  onEachBackend(`tf.matMul() of ${how} and its gradients are float64's`, async (backend) => {
    for (const [rows, inner, columns] of sizes as [number, number, number][]) {
      const a = factor(rows, inner, transposeA, 1);
      const b = factor(inner, columns, transposeB, 2);
      const dy = factor(rows, columns, false, 3);
      const { value, gradients } = await pull(
        (a, b) => tf.matMul(a!, b!, transposeA, transposeB),
        [a.given, b.given],
        dy.given.values,
      );
      const of = `[${rows}, ${inner}] by [${inner}, ${columns}]`;
      const limit = tolerance(backend, "product");
      assertClose(value, matmul(meant(a), meant(b)).flat(), limit, `product ${of}`);
      const dA = matmul(meant(dy), transpose(meant(b)));
      const dB = matmul(transpose(meant(a)), meant(dy));
      assertClose(gradients[0]!, stored(dA, a), limit, `gradient to a ${of}`);
      assertClose(gradients[1]!, stored(dB, b), limit, `gradient to b ${of}`);
    }
  });

  onEachBackend(`tf.matMul() of batches of ${how} is one product for each`, async (backend) => {
    const [rows, inner, columns] = [7, 33, 10];
    const factors = [0, 1, 2, 3, 4, 5].map((seed) => ({
      a: factor(rows, inner, transposeA, seed),
      b: factor(inner, columns, transposeB, 10 + seed),
    }));
    const batch = (pick: "a" | "b", shape: number[]): Tensor =>
      tf.stack(factors.map((each) => tensorOf(each[pick].given))).reshape([
        ...shape,
        ...factors[0]![pick].given.shape,
      ]);
    const [plain, broadcast] = await numbersOf(() => {
      const [a, b] = [batch("a", [2, 3]), batch("b", [2, 3])];
      const firstB = tf.slice(b, [0, 0, 0, 0], [1, 3, -1, -1]);
      return [
        tf.matMul(a, b, transposeA, transposeB),
        tf.matMul(a, firstB, transposeA, transposeB),
      ];
    });
    const limit = tolerance(backend, "product");
    const products = factors.flatMap(({ a, b }) => matmul(meant(a), meant(b)).flat());
    assertClose(plain!, products, limit, "batch");
    const shared = factors.flatMap(({ a }, at) =>
      matmul(meant(a), meant(factors[at % 3]!.b)).flat()
    );
    assertClose(broadcast!, shared, limit, "batch that b repeats in");
  });
}

onEachBackend("tf.fused.matMul() adds the bias and applies the activation", async (backend) => {
  const [a, b, bias] = [factor(9, 65, false, 1), factor(65, 14, false, 2), floats([14], 3)];
  const activations = ["linear", "relu", "elu"] as const;
  const found = await numbersOf(() =>
    activations.map((activation) =>
      tf.fused.matMul({
        a: tensorOf(a.given) as tf.Tensor2D,
        b: tensorOf(b.given) as tf.Tensor2D,
        bias: tensorOf(bias),
        activation,
      })
    )
  );
  const sums = matmul(meant(a), meant(b)).flatMap((row) =>
    row.map((v, at) => v + bias.values[at]!)
  );
  const expected = [
    sums,
    sums.map((v) => Math.max(0, v)),
    sums.map((v) => v > 0 ? v : Math.expm1(v)),
  ];
  const limit = tolerance(backend, "product");
  activations.forEach((name, at) => assertClose(found[at]!, expected[at]!, limit, name));
});

onEachBackend("tf.clone() and tf.reshape() outlive what they were made of", async (backend) => {
  const given = floats([40], 1);
  const [copy, view] = await numbersOf(() => {
    const x = tensorOf(given);
    const [copy, view] = [tf.clone(x), tf.reshape(x, [5, 8])];
    x.dispose();
    tf.fill([40], NaN).dispose();
    return [copy, view];
  });
  assertClose(copy!, given.values, 0, `clone on ${backend}`);
  assertClose(view!, given.values, 0, `view on ${backend}`);
});

onEachBackend("tf.unsortedSegmentSum() adds the rows of each segment", async (backend) => {
  const x = floats([50, 13], 1);
  const ids = Array.from({ length: 50 }, (_, row) => (row * row) % 7);
  const [sums] = await numbersOf(() => [
    tf.unsortedSegmentSum(tensorOf(x), tf.tensor1d(ids, "int32"), 9),
  ]);
  const expected = Array.from(
    { length: 9 * 13 },
    (_, at) =>
      ids.reduce(
        (total, id, row) =>
          id === Math.floor(at / 13) ? total + x.values[row * 13 + at % 13]! : total,
        0,
      ),
  );
  assertClose(sums!, expected, tolerance(backend, "product"), "sums");
});

onEachBackend("tf.oneHot() writes numbers of the dtype that is asked for", async () => {
  for (const dtype of ["float32", "int32", "bool"] as const) {
    const [rows] = await numbersOf(() => {
      const rows = tf.oneHot(tf.tensor1d([1, 0, 2], "int32"), 3, 1, 0, dtype);
      assertEquals(rows.dtype, dtype);
      return [tf.mul(tf.cast(rows, "float32"), 2)];
    });
    assertEquals(rows, [0, 2, 0, 2, 0, 0, 0, 0, 2], dtype);
  }
});

// tfjs's own kernel on WebGPU adds the bits of integers, and refuses bool
for (const backend of backends.filter((name) => name !== "webgpu")) {
  Deno.test(`tf.unsortedSegmentSum() adds integers and truths as numbers [${backend}]`, () =>
    onBackend(backend, async () => {
      for (const dtype of ["int32", "bool"] as const) {
        const [sums] = await numbersOf(() => [
          tf.unsortedSegmentSum(
            tf.tensor2d([1, 0, 1, 1, 0, 1], [3, 2], dtype),
            tf.tensor1d([0, 1, 1], "int32"),
            2,
          ),
        ]);
        assertEquals(sums, [1, 0, 1, 2], dtype);
      }
    }));
}

onEachBackend("tf.transpose() moves integers and truths", async () => {
  for (const dtype of ["int32", "bool"] as const) {
    const x = [1, 0, 1, 1, 0, 1, 0, 0];
    const [moved] = await numbersOf(() => [
      tf.transpose(tf.tensor3d(x, [2, 2, 2], dtype), [1, 0, 2]),
    ]);
    assertEquals(moved, [1, 0, 0, 1, 1, 1, 0, 0], dtype);
  }
});
