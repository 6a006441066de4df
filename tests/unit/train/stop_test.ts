// Runs that end early: by a signal, by a number that is not finite, by an exception of the caller's. Nothing is lost or leaked.

import * as tf from "@tensorflow/tfjs";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { type DecoderParameters, initDecoder } from "../../../lib/decoder/mod.ts";
import {
  gateWarnings,
  locateNonFinite,
  type Row,
  train,
  type TrainOptions,
  type TrainSettings,
} from "../../../lib/train/mod.ts";
import { onEachBackend } from "../../support/backends.ts";
import { manyRows, numbersByPath, replaced, tiny } from "./tiny_run.ts";

const config = { ...tiny.model, vocabulary: manyRows.tokenizer.vocabulary };

/** The parameters that a run ends with, as numbers, and its record. */
async function run(settings: TrainSettings, options: TrainOptions = {}) {
  const { parameters, record } = await train(settings, manyRows, options);
  const numbers = await numbersByPath(parameters);
  disposeTree(parameters);
  return { numbers, rows: record.rows, stopped: record.manifest.stopped };
}

for (const reportEvery of [1, 2]) {
  onEachBackend(
    `train() reporting every ${reportEvery} ends at a signal with its last parameters`,
    async () => {
      const controller = new AbortController();
      const { numbers, stopped } = await run({ ...tiny, steps: 50, reportEvery }, {
        signal: controller.signal,
        onRow: ({ kind, step }) => kind === "step" && step === 4 && controller.abort(),
      });
      assertEquals(stopped, {
        reason: "aborted",
        step: 5,
        message: "Stopped by the caller before step 5",
      });
      assertEquals(numbers, (await run({ ...tiny, steps: 4 })).numbers);
    },
  );
}

onEachBackend("train() with a signal already given makes no step", async () => {
  const { rows, stopped } = await run(tiny, { signal: AbortSignal.abort() });
  assertEquals([stopped?.reason, stopped?.step], ["aborted", 1]);
  assertEquals(rows.some(({ kind }) => kind === "step"), false);
});

/** SGD with a rate that single precision cannot follow. */
const explosive: TrainSettings = {
  ...tiny,
  optimizer: { kind: "sgd" },
  schedule: { kind: "constant", peak: 1e38 },
};

/** The numbers that a run of so many steps ends with, whose rate is harmless until then. */
const lateExplosion = (steps: number): TrainSettings => ({
  ...explosive,
  schedule: { kind: "constant", peak: 1e-2 },
  steps,
});

onEachBackend(
  "train() stops at a loss that is not finite and gives the last good parameters",
  async () => {
    const { numbers, rows, stopped } = await run({ ...explosive, steps: 20 });
    const last = rows.at(-1)!;
    assertEquals([last.kind, last.step, stopped?.reason, stopped?.step], [
      "step",
      2,
      "non-finite",
      2,
    ]);
    assert(!Number.isFinite(last["loss"]), `the last loss is ${last["loss"]}`);
    assertMatch(stopped!.message, /^The loss at step 2 is (NaN|-?Infinity), non-finite first in /);
    assertStringIncludes(stopped!.message, "kept the last parameters with a finite loss");
    assertEquals(numbers, (await run(lateExplosion(0))).numbers);
  },
);

onEachBackend(
  "train() that reads the loss every third step goes back to the last loss that it read",
  async () => {
    const { numbers, stopped } = await run({ ...explosive, steps: 20, reportEvery: 3 });
    assertEquals([stopped?.reason, stopped?.step], ["non-finite", 3]);
    assertEquals(numbers, (await run(lateExplosion(0))).numbers);
  },
);

onEachBackend("train() whose last step explodes is stopped by the held-out loss", async () => {
  const { numbers, stopped, rows } = await run({ ...explosive, steps: 1 });
  assertEquals([stopped?.reason, stopped?.step], ["non-finite", 1]);
  assertMatch(stopped!.message, /^The held-out loss at step 1 is (NaN|-?Infinity), /);
  assertEquals(rows.at(-1)!.kind, "evaluation");
  assertEquals(numbers, (await run(lateExplosion(0))).numbers);
});

onEachBackend("train() from a poisoned parameter stops at once and names it", async () => {
  const path = "blocks.2.attention.wo";
  const poisoned = replaced(initDecoder(config, 1), path, (w) => tf.fill(w.shape, NaN));
  const { stopped, rows } = await run(tiny, { parameters: poisoned });
  assertEquals(stopped?.step, 0);
  assertStringIncludes(stopped!.message, `first in the parameter ${path}`);
  assertStringIncludes(stopped!.message, "first in the activation blocks.2.attn_out");
  assertStringIncludes(stopped!.message, "there are no earlier parameters to keep");
  assertEquals(rows.length, 1);
  disposeTree(poisoned);
});

onEachBackend(
  "locateNonFinite() names the activation that overflows while every parameter is finite",
  async () => {
    const tokens = [[0, 1, 2]];
    const healthy = initDecoder(config, 1);
    assertEquals(
      await locateNonFinite(healthy, config, tokens),
      "first in the loss or its gradient",
    );
    const huge = replaced(healthy, "blocks.2.feedForward.w2", (w) => tf.fill(w.shape, 3e38));
    const raised = replaced(huge, "blocks.2.feedForward.b1", (b) => tf.fill(b.shape, 1e3));
    assertEquals(
      await locateNonFinite(raised, config, tokens),
      "first in the activation blocks.2.mlp_out",
    );
    disposeTree(raised);
  },
);

/** A model with GPAS whose second gate is `value`. */
function gatedAt(value: number): DecoderParameters {
  const start = initDecoder({ ...config, residual: "pre-ln+gpas" }, 1);
  return replaced(start, "blocks.2.gate", () => tf.scalar(value));
}

onEachBackend("train() warns once of a gate with SiLU(α) ≥ 1", async () => {
  const parameters = gatedAt(3);
  const settings = { ...tiny, model: { ...tiny.model, residual: "pre-ln+gpas" }, evaluateEvery: 1 };
  const { rows } = await run(settings, { parameters });
  const warnings = rows.filter(({ kind }) => kind === "warning");
  assertEquals(warnings, [{
    kind: "warning",
    step: 0,
    message:
      "blocks.2.gate has silu(α) = 2.858 ≥ 1: the stream vanishes or changes sign there and its gradient does not; " +
      "weights before an odd number of such sites climb the loss",
  }]);
  disposeTree(parameters);
});

onEachBackend("gateWarnings() is silent below 1 and without gates", async () => {
  const gated = { ...config, residual: "pre-ln+gpas" };
  const root = 1.2784645427610738; // SiLU(α) = 1
  for (const [value, count] of [[0, 0], [root - 1e-4, 0], [root + 1e-4, 1]] as const) {
    const parameters = gatedAt(value);
    assertEquals((await gateWarnings(parameters, gated)).length, count, `α = ${value}`);
    disposeTree(parameters);
  }
  const plain = initDecoder(config, 1);
  assertEquals(await gateWarnings(plain, config), []);
  disposeTree(plain);
});

class Planned extends Error {}

/** Throws at the first row of a kind from a step on. */
const throwAt = (kind: string, step: number) => (row: Row): void => {
  if (row.kind === kind && row.step >= step) throw new Planned();
};

onEachBackend("train() hands the caller's exceptions on and leaks nothing", async () => {
  const settings = { ...tiny, accumulate: 2, clip: 1, evaluateEvery: 2 };
  const options: readonly TrainOptions[] = [
    { onRow: throwAt("evaluation", 0) },
    { onRow: throwAt("step", 1) },
    { onRow: throwAt("step", 3) },
    { onRow: throwAt("evaluation", 2) },
    { probe: () => Promise.reject(new Planned()) },
    { probe: () => Promise.resolve([{ kind: "mine" }]), onRow: throwAt("mine", 2) },
  ];
  for (const each of options) await assertRejects(() => run(settings, each), Planned);
  const sparse = { ...settings, reportEvery: 3 };
  await assertRejects(() => run(sparse, { onRow: throwAt("evaluation", 2) }), Planned);
});
