// Runs in a page, and in Node on Dawn: a device that is lost while a model trains. The process has no other device afterwards, so this file has one test.

import * as tf from "@tensorflow/tfjs";
import { assert, assertMatch, assertRejects } from "@std/assert";
import { GpuError, makeCorpus, train, useBackend } from "../../mod.ts";

Deno.test("a device that is lost while a model trains makes train() throw a GpuError", async () => {
  await useBackend("webgpu");
  const corpus = makeCorpus("All visible objects, man, are but as pasteboard masks. ".repeat(40));
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  let reported = 0;
  const error = await assertRejects(() =>
    train(
      {
        model: { context: 16, width: 16, depth: 2, heads: 2, residual: "pre-ln" },
        schedule: { kind: "constant", peak: 0.003 },
        seed: 0,
        steps: 50,
        rows: 4,
        reportEvery: 1,
      },
      corpus,
      {
        onRow: () => {
          if (++reported === 3) device.destroy();
        },
      },
    ), GpuError);
  assert(error instanceof GpuError);
  assertMatch(error.message, /^The GPU device was lost \(destroyed\): /);
  assert(reported < 50, "it stops when the device is lost");
  await assertRejects(async () => await tf.add(1, 1).data(), GpuError, "was lost");
});
