// AdamW, RAdam and SGD against PyTorch's numbers and the float64 oracles, what decays, and settings that are refused.

import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { disposeTree, tensorsOf } from "../../../lib/core/mod.ts";
import { initDecoder } from "../../../lib/decoder/mod.ts";
import {
  decays,
  makeOptimizer,
  type Optimizer,
  type OptimizerSettings,
} from "../../../lib/train/mod.ts";
import training from "../../golden/training.json" with { type: "json" };
import { adamWStart, adamWStep, rAdamStep } from "../../reference/optimizers.ts";
import { randomRow, uniform } from "../../reference/random.ts";
import { zip } from "../../reference/rows.ts";
import { inBothForms } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";
import { numbersByPath } from "./tiny_run.ts";

/** The parameters after each step of an optimizer, from flat rows, as a tree of a vector and a [1, n] matrix. */
async function trajectory(
  optimizer: Optimizer,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  rate: (step: number) => number,
): Promise<number[][]> {
  const treeOf = (row: readonly number[]) => ({
    vector: tf.tensor1d(row.slice(0, 2)),
    list: [tf.tensor2d(row.slice(2), [1, row.length - 2])],
  });
  let parameters = treeOf(start);
  let state = optimizer.init(parameters);
  const seen: number[][] = [];
  for (const [index, row] of gradients.entries()) {
    const gradient = treeOf(row);
    const next = optimizer.update(parameters, gradient, state, rate(index + 1));
    disposeTree([parameters, state.moments, gradient]);
    ({ parameters, state } = next);
    assertEquals(state.step, index + 1);
    seen.push(Object.values(await numbersByPath(parameters)).flat());
  }
  disposeTree([parameters, state.moments]);
  return seen;
}

inBothForms("makeOptimizer() AdamW is PyTorch's over four steps", async (backend) => {
  const { learningRate, beta1, beta2, eps, weightDecay } = training.adamW.settings;
  const adamW = makeOptimizer(
    { kind: "adamw", betas: [beta1, beta2], eps, weightDecay },
    () => true,
  );
  const seen = await trajectory(adamW, training.start, training.gradients, () => learningRate);
  seen.forEach((row, index) => {
    const expected = training.adamW.after[index]!;
    assertClose(row, expected, tolerance(backend, "value"), `step ${index + 1}`);
  });
});

inBothForms(
  "makeOptimizer() RAdam is PyTorch's, before and after its steps adapt",
  async (backend) => {
    const { settings: { learningRate, beta1, beta2, eps, weightDecay }, ...golden } =
      training.rAdam;
    const rAdam = makeOptimizer(
      { kind: "radam", betas: [beta1, beta2], eps, weightDecay },
      () => true,
    );
    const seen = await trajectory(rAdam, training.start, golden.gradients, () => learningRate);
    seen.forEach((row, index) => {
      assertClose(row, golden.after[index]!, tolerance(backend, "value"), `step ${index + 1}`);
    });
  },
);

inBothForms("makeOptimizer() SGD is PyTorch's over four steps", async (backend) => {
  const { learningRate } = training.sgd.settings;
  const sgd = makeOptimizer({ kind: "sgd" });
  const seen = await trajectory(sgd, training.start, training.gradients, () => learningRate);
  seen.forEach((row, index) => {
    const expected = training.sgd.after[index]!;
    assertClose(row, expected, tolerance(backend, "value"), `step ${index + 1}`);
  });
});

const next = uniform(11);
const start = randomRow(next, 9);
const gradients = Array.from({ length: 12 }, () => randomRow(next, 9));
const rate = (step: number): number => 0.1 / step;

for (const [kind, oracle] of [["adamw", adamWStep], ["radam", rAdamStep]] as const) {
  inBothForms(
    `makeOptimizer() ${kind} follows the oracle under a changing rate`,
    async (backend) => {
      const adam = makeOptimizer({ kind, weightDecay: 0.3 }, () => true);
      const seen = await trajectory(adam, start, gradients, rate);
      let state = adamWStart(start);
      gradients.forEach((gradient, index) => {
        const learningRate = rate(index + 1);
        state = oracle(state, gradient, {
          learningRate,
          beta1: 0.9,
          beta2: 0.98,
          eps: 1e-8,
          weightDecay: 0.3,
        });
        assertClose(
          seen[index]!,
          state.parameters,
          tolerance(backend, "value"),
          `step ${index + 1}`,
        );
      });
    },
  );
}

inBothForms("makeOptimizer() SGD with momentum keeps a velocity u ← μ u + g", async (backend) => {
  const sgd = makeOptimizer({ kind: "sgd", momentum: 0.9 });
  const seen = await trajectory(sgd, start, gradients, rate);
  let [parameters, velocity] = [start, start.map(() => 0)];
  gradients.forEach((gradient, index) => {
    velocity = zip(velocity, gradient, (u, g) => 0.9 * u + g);
    parameters = zip(parameters, velocity, (p, u) => p - rate(index + 1) * u);
    assertClose(seen[index]!, parameters, tolerance(backend, "value"), `step ${index + 1}`);
  });
});

inBothForms(
  "makeOptimizer() AdamW decays matrices alone unless told otherwise",
  async (backend) => {
    const parameters = {
      w: tf.tensor2d([1, 2, 3, 4], [2, 2]),
      gain: tf.tensor1d([1, 1]),
      gate: tf.scalar(2),
    };
    const zero = { w: tf.zeros([2, 2]), gain: tf.zeros([2]), gate: tf.scalar(0) };
    const adamW = makeOptimizer({ kind: "adamw", weightDecay: 0.5 });
    const state = adamW.init(parameters);
    const after = adamW.update(parameters, zero as typeof parameters, state, 0.1);
    const { w, ...others } = await numbersByPath(after.parameters);
    assertClose(w!, [0.95, 1.9, 2.85, 3.8], tolerance(backend, "value"), "w");
    assertEquals(others, { gain: [1, 1], gate: [2] });
    disposeTree([parameters, zero, state.moments, after.parameters, after.state.moments]);
  },
);

inBothForms(
  "decays() takes the matrices and embeddings of a decoder, no gain, bias or gate",
  () => {
    const config = {
      vocabulary: 5,
      context: 4,
      width: 4,
      depth: 1,
      heads: 1,
      residual: "pre-ln+gpas",
    };
    const parameters = initDecoder(config, 0);
    const names = tensorsOf(parameters).filter(decays).map(({ path }) => path);
    assertEquals(names.sort(), [
      "blocks.1.attention.wk",
      "blocks.1.attention.wo",
      "blocks.1.attention.wq",
      "blocks.1.attention.wv",
      "blocks.1.feedForward.w1",
      "blocks.1.feedForward.w2",
      "head.w",
      "wpe",
      "wte",
    ]);
    const matrix = tf.zeros([1, 1]);
    assertEquals(decays({ path: "blocks.1.gate", value: matrix }), false);
    disposeTree([parameters, matrix]);
  },
);

inBothForms("makeOptimizer() has no more state than it needs", () => {
  const parameters = { w: tf.zeros([2]) };
  const count = (settings: OptimizerSettings): number => {
    const { moments, step } = makeOptimizer(settings).init(parameters);
    assertEquals(step, 0);
    disposeTree(moments);
    return moments.length;
  };
  assertEquals(count({ kind: "sgd" }), 0);
  assertEquals(count({ kind: "sgd", momentum: 0.5 }), 1);
  assertEquals(count({ kind: "adamw" }), 2);
  assertEquals(count({ kind: "radam" }), 2);
  disposeTree(parameters);
});

Deno.test("makeOptimizer() refuses settings out of range and unknown kinds", () => {
  const cases: readonly (readonly [OptimizerSettings, string])[] = [
    [{ kind: "sgd", momentum: 1 }, "momentum = 1: it must be a finite number ≥ 0 and < 1"],
    [{ kind: "sgd", momentum: NaN }, "momentum = NaN"],
    [{ kind: "adamw", betas: [1, 0.9] }, "beta 1 = 1"],
    [{ kind: "adamw", betas: [0.9, -0.1] }, "beta 2 = -0.1"],
    [{ kind: "adamw", eps: 0 }, "eps of AdamW = 0: it must be a finite number > 0"],
    [{ kind: "adamw", eps: 1e-46 }, "eps of AdamW = 1e-46: it must be a number that single"],
    [{ kind: "adamw", weightDecay: -1 }, "weightDecay = -1"],
    [{ kind: "adamw", weightDecay: Infinity }, "weightDecay = Infinity"],
    [{ kind: "radam", betas: [0.9, 1] }, "beta 2 = 1"],
    [
      { kind: "radam", beta: 1 } as OptimizerSettings,
      'the option "beta" of the optimizer radam',
    ],
  ];
  for (const [settings, message] of cases) {
    assertThrows(() => makeOptimizer(settings), RangeError, message);
  }
  const lion = { kind: "lion" } as unknown as OptimizerSettings;
  assertThrows(
    () => makeOptimizer(lion),
    RangeError,
    'kind of optimizer = "lion": it must be one of',
  );
});

inBothForms("makeOptimizer() refuses tensors that are no floats, by path", () => {
  for (const settings of [{ kind: "adamw" }, { kind: "sgd", momentum: 0.9 }] as const) {
    const optimizer = makeOptimizer(settings);
    const [floats, integers] = [{ w: tf.ones([2]) }, { w: tf.ones([2], "int32") }];
    const state = optimizer.init(floats);
    const steps: readonly (readonly [string, () => unknown])[] = [
      ["parameters.w", () => optimizer.update(integers, floats, state, 0.1)],
      ["gradient.w", () => optimizer.update(floats, integers, state, 0.1)],
      [
        "moments.1.w",
        () => optimizer.update(floats, floats, { step: 1, moments: [integers, integers] }, 0.1),
      ],
      [
        "scale",
        () => optimizer.update(floats, floats, state, 0.1, integers.w as unknown as tf.Scalar),
      ],
    ];
    for (const [path, step] of steps) {
      assertThrows(step, TypeError, `Cannot use ${path} of dtype int32: it must be float32`);
    }
    disposeTree([floats, integers, state.moments]);
  }
});

inBothForms(
  "makeOptimizer() AdamW stands still where the square of a gradient is infinite",
  async () => {
    const optimizer = makeOptimizer({ kind: "adamw" });
    const parameters = { w: tf.tensor1d([1, 1]) };
    const gradient = { w: tf.tensor1d([1e20, -1e20]) };
    const state = optimizer.init(parameters);
    const step = optimizer.update(parameters, gradient, state, 0.1);
    assertEquals(await numbersByPath(step.parameters), { w: [1, 1] });
    disposeTree([parameters, gradient, state.moments, step.parameters, step.state.moments]);
  },
);
