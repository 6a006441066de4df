// The number of tensors over 200 steps (12 on WebGPU), seen from inside the run: forward, backward, evaluation and probes leave none behind.

import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { disposeTree, tensorsOf } from "../../../lib/core/mod.ts";
import { probeAll } from "../../../lib/probes/mod.ts";
import { train, type TrainSettings } from "../../../lib/train/mod.ts";
import { onEachBackend } from "../../support/backends.ts";
import { manyRows, tiny } from "./tiny_run.ts";

/** Trees of the parameters' size that are alive while a row is reported, beyond the parameters themselves. */
async function assertSteady(settings: TrainSettings, moments: number): Promise<void> {
  const before = tf.memory().numTensors;
  const counts: Record<string, Set<number>> = {};
  const { parameters } = await train({ ...settings, evaluateEvery: settings.steps / 4 }, manyRows, {
    probe: probeAll,
    onRow: ({ kind, step }) => {
      // at the start the current parameters are the last good ones, so that one tree fewer is alive
      if (step > 1) (counts[kind] ??= new Set()).add(tf.memory().numTensors - before);
    },
  });
  const size = tensorsOf(parameters).length;
  assertEquals(tf.memory().numTensors - before, size, "left at the end: the parameters");
  const { step, ...atEvaluations } = counts;
  assertEquals([...step!], [(3 + moments) * size], "current, good, gradient and moments at a step");
  for (const [kind, seen] of Object.entries(atEvaluations)) {
    assertEquals(
      [...seen],
      [(2 + moments) * size],
      `current, good and moments at a row of ${kind}`,
    );
  }
  disposeTree(parameters);
}

const cases: Readonly<Record<string, readonly [Partial<TrainSettings>, number]>> = {
  "AdamW with GPAS, dropout, accumulation and both clippings": [{
    model: { ...tiny.model, width: 4, heads: 1, residual: "pre-ln+gpas", dropout: 0.1 },
    accumulate: 2,
    clip: 0.5,
    clipGates: 0.01,
  }, 2],
  "AdamW on ResiDual with SwiGLU, rotary positions and a tied head": [{
    model: {
      ...tiny.model,
      width: 4,
      heads: 1,
      residual: "resi-dual",
      norm: "rms",
      activation: "swiglu",
      positions: "rotary",
      tied: true,
    },
  }, 2],
  "RAdam": [{ optimizer: { kind: "radam" } }, 2],
  "SGD": [{ optimizer: { kind: "sgd" } }, 0],
  "SGD with momentum and clipping": [{ optimizer: { kind: "sgd", momentum: 0.9 }, clip: 1 }, 1],
};

for (const [name, [settings, moments]] of Object.entries(cases)) {
  onEachBackend(`train() leaks no tensor in many steps of ${name}`, (backend) => {
    const steps = backend === "webgpu" ? 12 : 200; // a software adapter needs a minute for 200
    return assertSteady({ ...tiny, ...settings, steps }, moments);
  });
}

onEachBackend(
  "train() that accumulates holds one gradient, however many batches a step has",
  async () => {
    const bytes: number[] = [];
    const { parameters } = await train({ ...tiny, steps: 1, accumulate: 6 }, manyRows, {
      form: (parameters, config) => {
        bytes.push(tf.memory().numBytes); // as the loss of each batch begins
        return { parameters, config };
      },
    });
    disposeTree(parameters);
    assertEquals(bytes.length, 6);
    const [first, second] = bytes as [number, number];
    const size = tensorsOf(parameters).reduce((sum, { value }) => sum + 4 * value.size, 0);
    assertEquals(bytes.slice(1), Array.from({ length: 5 }, () => second));
    assertEquals(second - first, size + 4, "one gradient and the sum of the losses");
  },
);
