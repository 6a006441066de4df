// When commands are handed to the GPU, and whose memory is used again before.

import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../../lib/backend/mod.ts";
import { submitCommands } from "../../../lib/backend/webgpu_commands.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { backends, onBackend } from "../../support/backends.ts";
import { launchesOf } from "../../support/launches.ts";

function onGpu(name: string, body: () => void | Promise<void>): void {
  Deno.test({
    name,
    ignore: !backends.includes("webgpu"),
    fn: () => onBackend("webgpu", body),
  });
}

/** x + count, one by one; freed tensors leave their memory to later ones. */
const added = (x: Tensor, count: number): Tensor =>
  tf.tidy(() => {
    let sum = x;
    for (let i = 0; i < count; i++) {
      const next = tf.add(sum, 1);
      if (sum !== x) sum.dispose();
      sum = next;
    }
    return sum;
  });

onGpu("readAll() hands everything over once, whatever it reads", async () => {
  const tensors = [1, 2, 3].map((count) => tf.tidy(() => added(tf.tensor1d([count, 10]), count)));
  const { submits } = await launchesOf(async () => {
    const values = await readAll(tensors);
    assertEquals(values.map((each) => Array.from(each)), [[2, 11], [4, 12], [6, 13]]);
  });
  assertEquals(submits, 1);
  tf.dispose(tensors);
});

onGpu(
  "tensors get the memory of those that were freed before anything is handed over",
  async () => {
    const allocated = (): number =>
      (tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU;
    const x = tf.range(0, 999);
    const size = 4 * x.size;
    await readAll([x]);
    const before = allocated();
    let sum!: Tensor;
    const { submits } = await launchesOf(() => Promise.resolve(sum = added(x, 200)));
    assertEquals(submits, 0);
    assert(allocated() - before <= 3 * size + 200 * 256, `${allocated() - before} bytes are new`);
    const [values] = await readAll([sum]);
    assertEquals(Array.from(values!), Array.from({ length: 999 }, (_, at) => at + 200));
    tf.dispose([x, sum]);
  },
);

onGpu("what is uploaded into freed memory is not seen by what was recorded before", async () => {
  const x = tf.tensor1d([1, 2, 3, 4, 5, 6, 7]);
  const doubled = tf.mul(x, 2);
  x.dispose();
  const y = tf.tensor1d([7, 6, 5, 4, 3, 2, 1]);
  const tripled = tf.mul(y, 3);
  const values = await readAll([doubled, tripled]);
  assertEquals(values.map((each) => Array.from(each)), [
    [2, 4, 6, 8, 10, 12, 14],
    [21, 18, 15, 12, 9, 6, 3],
  ]);
  tf.dispose([doubled, y, tripled]);
});

onGpu(
  "commands are handed over by submitCommands(), and where 1024 have come together",
  async () => {
    const x = tf.ones([3]);
    submitCommands();
    const few = await launchesOf(() => {
      added(x, 3).dispose();
      submitCommands();
      submitCommands();
      return Promise.resolve();
    });
    assertEquals([few.count, few.submits], [3, 1]);
    const many = await launchesOf(() => Promise.resolve(added(x, 1030).dispose()));
    assertEquals([many.count, many.submits], [1030, 1]);
    submitCommands();
    x.dispose();
  },
);
