// Runs in a page, and in Node on Dawn: the same training on WASM and on WebGPU, and what it leaves behind.

import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import {
  type BackendName,
  disposeTree,
  makeCorpus,
  train,
  type TrainSettings,
  useBackend,
} from "../../mod.ts";

const corpus = makeCorpus(
  "All visible objects, man, are but as pasteboard masks. But in each event, ".repeat(40),
);

const settings = (steps: number): TrainSettings => ({
  model: { context: 16, width: 16, depth: 2, heads: 2, residual: "peri-ln" },
  schedule: { kind: "constant", peak: 0.003, warmup: 20 },
  seed: 0,
  steps,
  rows: 4,
  reportEvery: 10,
});

/** Trains, and frees the model: the losses that were reported. */
async function losses(steps: number): Promise<number[]> {
  const { parameters, record } = await train(settings(steps), corpus);
  disposeTree(parameters);
  return record.rows.filter(({ kind }) => kind === "step").map(({ loss }) => Number(loss));
}

/** What tfjs holds. */
function held(): Record<string, number> {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes };
}

const found: Partial<Record<BackendName, number[]>> = {};

for (const backend of ["wasm", "webgpu"] as const) {
  Deno.test(`200 steps on ${backend} learn, and leave nothing behind`, async () => {
    assertEquals((await useBackend(backend)).name, backend);
    await losses(1);
    const before = held();
    const all = await losses(200);
    assertEquals(held(), before);
    assert(all.at(-1)! < all[0]! - 0.5, all.join(", "));
    found[backend] = all;
  });
}

Deno.test("WASM and WebGPU train the same model to the same loss within 1e-4", () => {
  // 80 steps: what rounding leaves grows tenfold every 20 steps
  const [wasm, webgpu] = [found.wasm!.slice(0, 8), found.webgpu!.slice(0, 8)];
  const difference = Math.max(...wasm.map((loss, at) => Math.abs(loss - webgpu[at]!)));
  assert(difference < 1e-4, `${difference}: ${wasm.join(", ")} and ${webgpu.join(", ")}`);
});
