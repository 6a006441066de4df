// ctcLoss(): value and gradient, padding, what rules alignments out, and bad input.

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type CtcLabel, ctcLoss, type CtcOptions } from "../../../lib/ops/mod.ts";
import { ctc } from "../../reference/ctc.ts";
import { inBothForms, onBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf, pull } from "../../support/evaluate.ts";
import { floats } from "../../support/kernels.ts";
import { tolerance } from "../../support/tolerances.ts";

interface Case {
  readonly shape: readonly [rows: number, frames: number, classes: number];
  readonly labels: readonly (readonly number[])[];
  readonly options?: CtcOptions & { readonly lengths?: readonly number[] };
  readonly spread?: number;
}

const cases: Readonly<Record<string, Case>> = {
  "one symbol in one frame": { shape: [1, 1, 2], labels: [[1]] },
  "nothing but blanks": { shape: [2, 3, 1], labels: [[], []] },
  "labels of several lengths": { shape: [3, 9, 5], labels: [[1, 2, 2, 4], [], [3]] },
  "frames that are just enough": { shape: [2, 5, 4], labels: [[2, 2, 2], [1, 2, 3, 1, 2]] },
  "rows of several lengths": {
    shape: [3, 8, 4],
    labels: [[1, 2], [3, 3], [1]],
    options: { lengths: [8, 4, 1] },
  },
  "rows that all end before the frames do": {
    shape: [2, 8, 4],
    labels: [[1, 2], [3]],
    options: { lengths: [5, 6] },
  },
  "the last class as the blank": {
    shape: [2, 6, 4],
    labels: [[0, 0], [2, 1]],
    options: { blank: 3 },
  },
  "sure and wrong frames": { shape: [2, 12, 6], labels: [[1, 2, 3], [5, 5]], spread: 15 },
  "long rows": {
    shape: [2, 64, 20],
    labels: [[0, 1].flatMap(() => [3, 9, 9, 1, 19, 4, 4, 2]), [7, 8, 9]],
    options: { lengths: [64, 50] },
    spread: 3,
  },
};

inBothForms("ctcLoss() and its gradient are the oracle's", async (backend) => {
  for (const [name, { shape, labels, options = {}, spread = 1 }] of Object.entries(cases)) {
    const logits = floats(shape, 5, { spread });
    const { value, gradients } = await pull(
      (logits) => ctcLoss(logits!, labels, options),
      [logits],
      [2],
    );
    const [rows, frames, classes] = shape;
    const batch = Array.from(
      { length: rows },
      (_, b) =>
        Array.from(
          { length: frames },
          (_, t) =>
            Array.from(
              { length: classes },
              (_, k) => logits.values[(b * frames + t) * classes + k]!,
            ),
        ),
    );
    const expected = ctc(batch, labels, options);
    assertClose(value, [expected.loss], tolerance(backend, "value"), name);
    const slopes = expected.gradient.flat(2).map((slope) => 2 * slope);
    assertClose(gradients[0]!, slopes, tolerance(backend, "gradient"), `gradient of ${name}`);
  }
});

inBothForms("ctcLoss() of equal logits counts the paths, in 300 frames", async (backend) => {
  // blanks, then one symbol as often as one likes, then blanks: T (T + 1) / 2 paths of probability 3^−T, which single precision lacks
  const loss = (await numbersOf(() => [ctcLoss(tf.zeros([1, 300, 3]), [[2]])]))[0]!;
  const expected = 300 * Math.log(3) - Math.log(300 * 301 / 2);
  assertClose(loss, [expected], tolerance(backend, "value"), "loss");
});

inBothForms("ctcLoss() does not read padding", async () => {
  const { value, gradients } = await pull(
    (logits) => ctcLoss(logits!, [[1], [1]], { lengths: [1, 2] }),
    [{ shape: [2, 2, 2], values: [0, 0, NaN, Infinity, 0, 0, 0, 0] }],
    [1],
  );
  assertAlmostEquals(value[0]!, (Math.log(2) + Math.log(4 / 3)) / 2, 1e-6);
  assertClose(gradients[0]!.slice(0, 4), [0.25, -0.25, 0, 0], 1e-6, "gradient");
});

inBothForms(
  "ctcLoss() takes logits of −∞, costs 1e30 where they leave no path, and is NaN of NaN",
  async () => {
    const lossOf = async (...values: readonly number[]): Promise<readonly number[]> => {
      const { value, gradients } = await pull(
        (logits) => ctcLoss(logits!, [[1]]),
        [{ shape: [1, 2, 3], values }],
        [1],
      );
      return [value[0]!, ...gradients[0]!];
    };
    const fine = await lossOf(0, 0, -Infinity, 0, -Infinity, 0);
    assertClose(fine, [Math.log(4), 0.5, -0.5, 0, -0.5, 0, 0.5], 1e-6, "a class that cannot be");
    const none = await lossOf(0, -Infinity, 0, 0, -Infinity, 0);
    assert(none[0]! > 9e29 && none.every(Number.isFinite), `${none}`);
    assertEquals((await lossOf(NaN, 0, 0, 0, 0, 0))[0], NaN);
  },
);

inBothForms("ctcLoss() leaves its result and nothing else, also outside a scope", async () => {
  const logits = tf.ones([2, 5, 3]);
  const before = tf.memory().numTensors;
  const loss = ctcLoss(logits, [[1], [2, 2]], { lengths: [4, 5] });
  assertEquals(tf.memory().numTensors, before + 1);
  tf.dispose([loss, logits]);
  assertEquals((await numbersOf(() => [ctcLoss(tf.ones([1, 1, 1]), [[]])]))[0], [0]);
});

Deno.test("ctcLoss() says why a batch cannot be aligned", () =>
  onBackend("cpu", () => {
    const refused: readonly (readonly [
      message: string,
      shape: readonly number[],
      labels: readonly CtcLabel[],
      options?: CtcOptions,
    ])[] = [
      ["logits of shape [5, 3]: they must be [B, T, V]", [5, 3], [[1]]],
      ["logits of shape [1, 0, 3]", [1, 0, 3], [[]]],
      ["Cannot use 1 labels for 2 rows: they must be as many", [2, 5, 3], [[1]]],
      ["Cannot use 2 lengths for 1 rows", [1, 5, 3], [[1]], { lengths: [5, 5] }],
      ["lengths[1] = 6: it must be a whole number ≥ 1 and ≤ 5", [2, 5, 3], [[], []], {
        lengths: [5, 6],
      }],
      ["lengths[0] = 0", [1, 5, 3], [[]], { lengths: [0] }],
      ["blank = 3: it must be a whole number ≥ 0 and < 3", [1, 5, 3], [[1]], { blank: 3 }],
      ["symbol of label 1 = 3: it must be a whole number ≥ 0 and < 3", [2, 5, 3], [[1], [3]]],
      ["label 0 with 0 in it: that is the blank", [1, 5, 3], [Int32Array.of(1, 0)]],
      [
        "Cannot align label 1 with 3 frames: its 3 symbols, 1 of them equal to the one before, take 4",
        [2, 5, 3],
        [[1], [2, 1, 1]],
        { lengths: [5, 3] },
      ],
    ];
    tf.tidy(() => {
      for (const [message, shape, labels, options] of refused) {
        const logits = tf.ones([...shape]);
        assertThrows(() => ctcLoss(logits, labels, options), RangeError, message);
      }
    });
  }));
