// What replaces tfjs's transposition and sums on software adapters: every order of axes, and which axes are summed.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { backends, onBackend } from "../../../support/backends.ts";
import { numbersOf } from "../../../support/evaluate.ts";

/** All orders of the axes 0 to n − 1. */
function orders(n: number): number[][] {
  if (n === 0) return [[]];
  return orders(n - 1).flatMap((order) =>
    Array.from({ length: n }, (_, at) => order.toSpliced(at, 0, n - 1))
  );
}

const size = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1);

/** The numbers 0, 1, … of a tensor of this shape in another order of its axes. */
function reordered(shape: readonly number[], order: readonly number[]): number[] {
  const strides = shape.map((_, axis) => size(shape.slice(axis + 1)));
  return order.reduce(
    (starts, axis) =>
      starts.flatMap((start) =>
        Array.from({ length: shape[axis]! }, (_, at) => start + at * strides[axis]!)
      ),
    [0],
  );
}

const counting = (shape: readonly number[]): tf.Tensor =>
  tf.reshape(tf.range(0, size(shape)), [...shape]);

function onWebGpu(name: string, body: () => Promise<void>): void {
  if (backends.includes("webgpu")) Deno.test(name, () => onBackend("webgpu", body));
}

onWebGpu("tf.transpose() keeps every number, in every order of axes", async () => {
  for (const shape of [[5], [4, 8], [7, 5], [2, 3, 4], [4, 1, 8], [1, 1, 1], [2, 3, 5, 8]]) {
    const values = await numbersOf(() =>
      orders(shape.length).map((order) => tf.transpose(counting(shape), order))
    );
    orders(shape.length).forEach((order, at) =>
      assertEquals(values[at], reordered(shape, order), `[${shape}] in the order [${order}]`)
    );
  }
});

onWebGpu("tf.transpose() takes six axes, long ones, and integers", async () => {
  const six = [2, 3, 2, 2, 3, 2];
  const order = [4, 2, 0, 5, 3, 1];
  const [mixed, long, integers] = await numbersOf(() => [
    tf.transpose(counting(six), order),
    tf.transpose(counting([70_000, 3])),
    tf.transpose(tf.tensor2d([1, -2, 3, 2 ** 30 + 1], [2, 2], "int32")),
  ]);
  assertEquals(mixed, reordered(six, order));
  assertEquals(long, reordered([70_000, 3], [1, 0]));
  assertEquals(integers, [1, 3, -2, 2 ** 30 + 1]);
});

onWebGpu("tf.sum() over leading axes and others", async () => {
  const shape = [3, 5, 4, 2];
  const cases = [
    [[0], false],
    [[0, 1], true],
    [[1, 0], false],
    [[0, 1, 2], false],
    [[1], false],
    [
      [0, 2],
      true,
    ],
    [[3], false],
    [[0, 1, 2, 3], true],
  ] as const;
  for (const [axes, keep] of cases) {
    const rest = shape.map((_, axis) => axis).filter((axis) =>
      !(axes as readonly number[]).includes(axis)
    );
    const grouped = reordered(shape, [...rest, ...axes]);
    const each = size(axes.map((axis) => shape[axis]!));
    const expected = Array.from(
      { length: grouped.length / each },
      (_, at) => grouped.slice(at * each, (at + 1) * each).reduce((sum, value) => sum + value),
    );
    let found: number[] = [];
    const [value] = await numbersOf(() => {
      const sum = tf.sum(counting(shape), [...axes], keep);
      found = sum.shape;
      return [sum];
    });
    const kept = shape.map((length, axis) => rest.includes(axis) ? length : 1);
    assertEquals(found, keep ? kept : rest.map((axis) => shape[axis]!), `shape over [${axes}]`);
    assertEquals(value, expected, `sum over [${axes}]`);
  }
});
