import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  countParameters,
  disposeTree,
  fillTree,
  leaves,
  mapTree,
  tensorsOf,
} from "../../../lib/core/mod.ts";
import { readAll, takeNumbers, valueAndGradient } from "../../../lib/backend/mod.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";

const tree = { a: 1, b: [2, { c: 3, d: [] as number[] }], e: { f: { g: 4 } } };

Deno.test("leaves() are in order, their positions counted from 1", () => {
  assertEquals(leaves<number>(tree), [
    { path: "a", value: 1 },
    { path: "b.1", value: 2 },
    { path: "b.2.c", value: 3 },
    { path: "e.f.g", value: 4 },
  ]);
  assertEquals(leaves(7), [{ path: "", value: 7 }]);
  assertEquals(leaves({}), []);
});

Deno.test("mapTree() keeps the shape and knows each path", () => {
  assertEquals(
    mapTree<unknown, number, string>(tree, (value, path) => `${path}=${value}`),
    { a: "a=1", b: ["b.1=2", { c: "b.2.c=3", d: [] }], e: { f: { g: "e.f.g=4" } } },
  );
});

Deno.test("mapTree() takes an object that is no plain record as a leaf", () => {
  const when = new Date(0);
  assertStrictEquals(mapTree({ when }, (leaf: Date) => leaf).when, when);
});

Deno.test("fillTree() puts values in the order of leaves()", () => {
  assertEquals(fillTree<unknown, number>(tree, [5, 6, 7, 8]), {
    a: 5,
    b: [6, { c: 7, d: [] }],
    e: { f: { g: 8 } },
  });
});

Deno.test("fillTree() refuses a list that is too short or too long", () => {
  for (const count of [3, 5]) {
    const values = Array(count).fill(0);
    assertThrows(() => fillTree(tree, values), RangeError, `4 leaves from ${count} values`);
  }
});

Deno.test("tensorsOf(), countParameters() and disposeTree() take tensors as leaves", () =>
  onBackend("cpu", () => {
    const parameters = { w: tf.ones([2, 3]), list: [tf.scalar(1), { v: tf.ones([4]) }] };
    assertEquals(tensorsOf(parameters).map(({ path }) => path), ["w", "list.1", "list.2.v"]);
    assertEquals(countParameters(parameters), 11);
    disposeTree(parameters);
  }));

onEachBackend(
  "valueAndGradient() gives a gradient in the tree's shape, and leaves nothing else",
  async () => {
    const parameters = { w: tf.tensor1d([1, 2]), rest: [tf.scalar(3)] };
    const before = tf.memory().numTensors;
    const { value, gradient } = valueAndGradient(
      parameters,
      ({ w, rest }) => tf.mul(tf.sum(tf.square(w)), rest[0]!),
    );
    assertEquals(tf.memory().numTensors, before + 3);
    const numbers = await readAll([value, gradient.w, gradient.rest[0]!]);
    assertEquals(numbers.map((row) => Array.from(row)), [[15], [6, 12], [5]]);
    value.dispose();
    disposeTree([gradient, parameters]);
  },
);

Deno.test("valueAndGradient() refuses a parameter that the function does not use", () =>
  onBackend("cpu", () => {
    tf.tidy(() => {
      const parameters = { used: tf.scalar(2), idle: tf.scalar(3) };
      assertThrows(() => valueAndGradient(parameters, ({ used }) => tf.square(used)), Error);
    });
  }));

onEachBackend("takeNumbers() reads scalars and frees them", async () => {
  assertEquals(await takeNumbers([tf.scalar(2), tf.scalar(-3)]), [2, -3]);
  assertEquals(await takeNumbers([]), []);
});
