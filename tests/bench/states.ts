// What keeping states costs at the defaults, and whether memory grows: `deno run -A tests/bench/states.ts [STEPS]`.

import * as tf from "@tensorflow/tfjs";
import { disposeTree } from "../../lib/core/tree.ts";
import { useBackend } from "../../lib/kernels/use_backend.ts";
import { StateFolder } from "../../lib/train/state_folder.ts";
import { makeCorpus, train, type TrainSettings } from "../../lib/train/mod.ts";

const steps = Number(Deno.args[0] ?? 10_000);
const settings: TrainSettings = {
  model: { context: 16, width: 32, depth: 2, heads: 2, residual: "pre-ln+gpas", dropout: 0.1 },
  schedule: { kind: "constant", peak: 1e-3 },
  seed: 1,
  steps,
  rows: 4,
};

/** Milliseconds in which the run waited for its states. */
let kept = 0;
const { keep } = StateFolder.prototype;
StateFolder.prototype.keep = async function (state): Promise<void> {
  const begun = performance.now();
  await keep.call(this, state);
  kept += performance.now() - begun;
};

await useBackend("wasm");
const folder = await Deno.makeTempDir({ prefix: "normkit-" });
const corpus = makeCorpus("Call me Ishmael. Some years ago, never mind how long. ".repeat(40), {
  name: "states",
});
const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;
try {
  const begun = performance.now();
  const { parameters } = await train(settings, corpus, {
    state: { folder },
    onRow: ({ step, kind }) => {
      if (kind !== "step" || step % (steps / 10) !== 0) return;
      const { rss, heapUsed } = Deno.memoryUsage();
      const { numTensors, numBytes } = tf.memory();
      const memory = [rss, heapUsed, numBytes].map(megabytes).join(", ");
      console.log(`step ${step}: RSS, heap, tensors ${memory} MB; ${numTensors} tensors`);
    },
  });
  disposeTree(parameters);
  const whole = performance.now() - begun;
  console.log(
    `${steps} steps of ${(whole / steps).toFixed(1)} ms: states took ${
      (100 * kept / whole).toFixed(3)
    } % of the time`,
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}
