// What replaces tfjs's kernels for moving and adding on WASM, and what is left to tfjs.

import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { onBackend } from "../../../support/backends.ts";

/** 0, 1, 2, … in a shape. */
function counting(shape: number[], dtype: "float32" | "int32" = "float32"): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tidy(() => tf.reshape(tf.range(0, size, 1, dtype), shape));
}

/** The numbers of counting(shape) after its axes are put in an order. */
function permuted(shape: readonly number[], order: readonly number[]): number[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((n, m) => n * m, 1));
  let numbers = [0];
  for (const axis of order) {
    const indices = Array.from({ length: shape[axis]! }, (_, i) => i * strides[axis]!);
    numbers = numbers.flatMap((number) => indices.map((index) => number + index));
  }
  return numbers;
}

Deno.test("transpose() puts axes in order, whether ours or tfjs's moves them [wasm]", () =>
  onBackend("wasm", () => {
    const cases: [number[], number[]][] = [
      [[2, 3, 4, 5], [0, 2, 1, 3]],
      [[2, 3, 4, 5], [2, 1, 0, 3]],
      [[3, 64, 4, 33], [0, 2, 1, 3]],
      [[2, 3, 4, 5], [0, 1, 3, 2]],
      [[6, 5, 7], [1, 0, 2]],
      [[6, 5, 7], [0, 1, 2]],
      [[6, 5, 1], [1, 0, 2]],
      [[4, 9], [1, 0]],
      [[2, 2, 3, 2, 2], [1, 0, 2, 3, 4]],
    ];
    for (const [shape, order] of cases) {
      for (const dtype of ["float32", "int32"] as const) {
        const x = counting(shape, dtype);
        const y = tf.transpose(x, order);
        assertEquals(y.shape, order.map((axis) => shape[axis]!));
        assertEquals(y.dtype, dtype);
        assertEquals([...y.dataSync()], permuted(shape, order));
        tf.dispose([x, y]);
      }
    }
  }));

Deno.test("gather() takes rows in any number, and columns through tfjs [wasm]", () =>
  onBackend("wasm", () => {
    const ids = tf.tensor1d([2, 0, 2], "int32");
    for (const [rows, width] of [[3, 1], [3, 6], [3, 129]]) {
      const x = counting([rows!, width!]);
      const y = tf.gather(x, ids);
      const row = (id: number): number[] =>
        Array.from({ length: width! }, (_, i) => id * width! + i);
      assertEquals(y.shape, [3, width!]);
      assertEquals([...y.dataSync()], [2, 0, 2].flatMap(row));
      tf.dispose([x, y]);
    }
    const x = counting([2, 3]);
    const columns = tf.gather(x, ids, 1);
    assertEquals([...columns.dataSync()], [2, 0, 2, 5, 3, 5]);
    assertThrows(() => tf.gather(x, ids), Error, "is not in [0, 1]");
    tf.dispose([x, ids, columns]);
  }));

Deno.test("add() adds equal shapes, broadcasts, and keeps int32 [wasm]", () =>
  onBackend("wasm", () => {
    const [x, y] = [tf.randomNormal([37, 21]), tf.randomNormal([37, 21])];
    const [a, b] = [x.dataSync(), y.dataSync()];
    const sum = tf.add(x, y);
    assertEquals(sum.dataSync(), a.map((value, i) => value + b[i]!) as Float32Array);
    const whole = counting([5], "int32");
    const twice = tf.add(whole, whole);
    assertEquals([twice.dtype, ...twice.dataSync()], ["int32", 0, 2, 4, 6, 8]);
    const one = tf.scalar(1);
    const shifted = tf.add(x, one);
    assertEquals(shifted.dataSync(), a.map((value) => Math.fround(value + 1)) as Float32Array);
    tf.dispose([x, y, sum, whole, twice, one, shifted]);
  }));
