// What every public operation does alike: refuses other dtypes, takes casts and empty tensors, and has gradients of gradients.

import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../../lib/core/tensor.ts";
import * as ops from "../../../lib/ops/mod.ts";
import { inBothForms, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf, tensorOf } from "../../support/evaluate.ts";
import { floats } from "../../support/kernels.ts";
import { type Operation, operations, type Shapes } from "../../support/operations.ts";
import { tolerance } from "../../support/tolerances.ts";

const all: readonly (readonly [name: string, operation: Operation])[] = Object
  .entries(operations)
  .flatMap(([name, list]) => list.map((operation) => [name, operation] as const));

type Tensors = Record<string, Tensor>;

/** Random numbers of these shapes. */
function tensorsOf(shapes: Shapes, make = tensorOf): Tensors {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], at) => [name, make(floats(shape, at + 1))]),
  );
}

/** The function of a list of tensors that an operation is. */
const listed = ({ shapes, call }: Operation) => (...list: Tensor[]): Tensor =>
  call(Object.fromEntries(Object.keys(shapes).map((name, at) => [name, list[at]!])));

const gradients = (operation: Operation, tensors: Tensors, dy: Tensor): Tensor[] =>
  tf.grads(listed(operation))(Object.values(tensors), dy);

const half = ["fromHalf", "halfNorm", "halfNormGradient", "toHalf"]; // half_test.ts

Deno.test("the tables of operations have every export of lib/ops", () => {
  assertEquals([...Object.keys(operations), ...half].sort(), Object.keys(ops).sort());
});

inBothForms("every operation refuses int32 and bool, by name, as each of its arguments", () => {
  for (const [operation, { shapes, call }] of all) {
    const given = tensorsOf(shapes);
    tf.tidy(() => call(given)).dispose();
    for (const name of Object.keys(shapes)) {
      for (const dtype of ["int32", "bool"] as const) {
        const wrong = tf.ones([...shapes[name]!], dtype);
        const before = tf.memory().numTensors;
        const error = assertThrows(
          () => tf.tidy(() => call({ ...given, [name]: wrong })),
          TypeError,
          `of dtype ${dtype}: it must be float32`,
          `${operation}: ${name} of ${dtype}`,
        );
        assertEquals(error.message.startsWith(`Cannot use ${name}`), true, error.message);
        assertEquals(tf.memory().numTensors, before, `${operation} leaves tensors behind`);
        wrong.dispose();
      }
    }
    tf.dispose(given);
  }
});

/** 0 and 1, both often, as floats that tfjs cast or as floats from the start. */
const truths = (cast: boolean) => ({ shape, values }: ReturnType<typeof floats>): Tensor => {
  const numbers = Array.from(values, (value) => value > 0 ? 1 : 0);
  return cast
    ? tf.cast(tf.tensor(numbers, [...shape], "int32"), "float32")
    : tf.tensor(numbers, [...shape], "float32");
};

inBothForms(
  "every operation and its gradients take casts for the floats that they are",
  async () => {
    for (const [name, operation] of all) {
      const evaluate = (cast: boolean): Promise<number[][]> =>
        numbersOf(() => {
          const given = tensorsOf(operation.shapes, truths(cast));
          const y = operation.call(given);
          const dy = truths(cast)(floats(y.shape, 9));
          return [y, ...gradients(operation, given, dy)];
        });
      assertEquals(await evaluate(true), await evaluate(false), name);
    }
  },
);

inBothForms("every operation takes empty tensors, its gradients are zeros then", async () => {
  for (const [name, operation] of all) {
    for (const shapes of operation.empty) {
      const what = `${name} of ${JSON.stringify(shapes)}`;
      const [y, ...found] = await numbersOf(() => {
        const given = tensorsOf(shapes);
        const y = operation.call(given);
        const name = gradients(operation, given, tf.ones(y.shape));
        assertEquals(name.map(({ shape }) => shape), Object.values(shapes), what);
        return [y, ...name];
      });
      const { bias } = shapes;
      const values = bias === undefined ? [] : Array.from(floats(bias, 3).values);
      if (y!.length > 0) { // a sum without a term, and a bias
        assertEquals(y, y!.map((_, at) => values[at % values.length] ?? 0), what);
        const rows = y!.length / (values.length || 1);
        found.splice(2, 1, found[2]?.map((value) => value - rows) ?? []);
      }
      assertEquals(found.flat().map(Math.abs), found.flat().map(() => 0), what);
    }
  }
});

onEachBackend("crossEntropy() refuses a mean over nothing", () => {
  for (const shape of [[0, 3], [2, 0], []]) {
    const logits = tf.ones(shape);
    assertThrows(
      () => ops.crossEntropy(logits, new Int32Array(0)),
      RangeError,
      `Cannot take the mean over logits of shape [${shape.join(", ")}]`,
    );
    logits.dispose();
  }
});

/** Half the sum of the squares of an operation's results. */
const energy = (operation: Operation) => (...list: Tensor[]): Tensor =>
  tf.mul(tf.sum(tf.square(listed(operation)(...list))), 0.5);

inBothForms(
  "every operation has gradients of gradients, those of its differences",
  async (backend) => {
    for (const [name, operation] of all) {
      const [along, below, above] = await numbersOf(() => {
        const list = Object.values(tensorsOf(operation.shapes));
        const slopes = tf.grads(energy(operation));
        const directions = list.map(({ shape }, at) => tensorOf(floats(shape, 20 + at)));
        const flat = (tensors: readonly Tensor[]): Tensor =>
          tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));
        const moved = (step: number): Tensor[] =>
          list.map((x, at) => tf.add(x, tf.mul(step, directions[at]!)));
        const inward = (...list: Tensor[]): Tensor =>
          tf.sum(tf.mul(flat(slopes(list)), flat(directions)));
        const second = tf.grads(inward)(list);
        return [flat(second), flat(slopes(moved(-0.005))), flat(slopes(moved(0.005)))];
      });
      if (operation.straight === true) {
        assertEquals(along!.filter(Number.isFinite).length, along!.length, name);
        continue;
      }
      const differences = above!.map((value, at) => (value - below![at]!) / 0.01);
      assertClose(along!, differences, tolerance(backend, "difference of gradients"), name);
    }
  },
);
