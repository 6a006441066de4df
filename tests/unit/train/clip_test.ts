// Clipping against the float64 oracle, of all gradients and of the gates alone.

import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { takeNumbers } from "../../../lib/backend/mod.ts";
import { isGate } from "../../../lib/decoder/mod.ts";
import { clipByNorm, globalNorm } from "../../../lib/train/mod.ts";
import { clipGlobalNorm } from "../../reference/optimizers.ts";
import { randomRow, uniform } from "../../reference/random.ts";
import { inBothForms } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";
import { numbersByPath } from "./tiny_run.ts";

const next = uniform(5);
const rows = [randomRow(next, 12), randomRow(next, 5), randomRow(next, 1), randomRow(next, 1)];

/** Gradients of a matrix, a vector and two gates. */
function gradients(values: readonly (readonly number[])[] = rows) {
  const [matrix, vector, shared, own] = values as [number[], number[], number[], number[]];
  return {
    wte: tf.tensor2d(matrix, [3, 4]),
    blocks: [
      { bias: tf.tensor1d(vector), gate: tf.scalar(shared[0]!) },
      { gate: { attention: tf.scalar(own[0]!) } },
    ],
  };
}

inBothForms("clipByNorm() scales to the limit together, as the oracle does", async (backend) => {
  const tree = gradients();
  const { clipped: expected, norm } = clipGlobalNorm(rows, 0.7);
  const [found] = await takeNumbers([globalNorm(tree)]);
  assertClose([found!], [norm], tolerance(backend, "value"), "norm");
  const clipped = clipByNorm(tree, 0.7);
  const values = Object.values(await numbersByPath(clipped)).flat();
  assertClose(values, expected.flat(), tolerance(backend, "value"), "clipped");
  const [after] = await takeNumbers([globalNorm(clipped)]);
  assertClose([after!], [0.7], tolerance(backend, "value"), "norm after");
  disposeTree([tree, clipped]);
});

inBothForms("clipByNorm() leaves gradients below the limit as they are", async () => {
  const tree = gradients();
  const clipped = clipByNorm(tree, 100);
  assertEquals(await numbersByPath(clipped), await numbersByPath(tree));
  disposeTree([tree, clipped]);
});

inBothForms("clipByNorm() of zero gradients is zero, not NaN", async () => {
  const tree = gradients(rows.map((row) => row.map(() => 0)));
  const clipped = clipByNorm(tree, 1);
  assertEquals(await numbersByPath(clipped), await numbersByPath(tree));
  disposeTree([tree, clipped]);
});

inBothForms("clipByNorm() of the gates alone scales them by their own norm", async (backend) => {
  const tree = gradients([rows[0]!, rows[1]!, [3], [-4]]);
  const clipped = clipByNorm(tree, 0.5, { chosen: isGate });
  const [before, after] = [await numbersByPath(tree), await numbersByPath(clipped)];
  assertEquals(after["wte"], before["wte"]);
  assertEquals(after["blocks.1.bias"], before["blocks.1.bias"]);
  const gates = [...after["blocks.1.gate"]!, ...after["blocks.2.gate.attention"]!];
  assertClose(gates, [0.3, -0.4], tolerance(backend, "value"), "gates");
  disposeTree([tree, clipped]);
});

inBothForms(
  "clipByNorm() with nothing to clip and globalNorm() of nothing are harmless",
  async () => {
    const tree = { wte: tf.tensor1d([3, 4]) };
    const clipped = clipByNorm(tree, 1, { chosen: isGate });
    assertEquals(await numbersByPath(clipped), { wte: [3, 4] });
    assertEquals(await takeNumbers([globalNorm({})]), [0]);
    disposeTree([tree, clipped]);
  },
);

inBothForms("clipByNorm() refuses a limit that is not above 0", () => {
  const tree = gradients();
  for (const limit of [0, -1, NaN, Infinity]) {
    const message = `Cannot use clipping limit = ${limit}: it must be a finite number > 0`;
    assertThrows(() => clipByNorm(tree, limit), RangeError, message);
  }
  disposeTree(tree);
});

Deno.test("isGate() knows gates by their paths alone", () => {
  assertEquals(isGate("blocks.1.gate"), true);
  assertEquals(isGate("blocks.12.gate.feedForward"), true);
  for (const path of ["blocks.1.feedForward.w1", "gate_w", "blocks.1.gated.w", "gate.a.b"]) {
    assertEquals(isGate(path), false, path);
  }
});

inBothForms("globalNorm() leaves empty tensors out", async () => {
  const tree = { a: tf.zeros([0, 3]), b: tf.zeros([0]), c: tf.tensor1d([3, 4]) };
  const { a, b } = tree;
  assertEquals(await takeNumbers([globalNorm({ a, b }), globalNorm(tree)]), [0, 5]);
  disposeTree(tree);
});

inBothForms(
  "globalNorm() is infinite where single precision does not hold the squares",
  async () => {
    const tree = { a: tf.tensor1d([1, 1e20, 1]), b: tf.fill([40], 1e20) };
    assertEquals(await takeNumbers([globalNorm(tree)]), [Infinity]);
    disposeTree(tree);
  },
);

inBothForms("globalNorm() and clipByNorm() refuse integers, by path", () => {
  const tree = { a: tf.ones([3]), b: { c: tf.ones([2], "int32") } };
  for (const use of [globalNorm, (gradient: typeof tree) => clipByNorm(gradient, 1)]) {
    assertThrows(() => use(tree), TypeError, "Cannot use b.c of dtype int32");
  }
  disposeTree(tree);
});
