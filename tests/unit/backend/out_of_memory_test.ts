// A full WASM memory: an error before anything is written, nothing lost or left, and everything as before once there is room.

import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { OutOfMemoryError, readAll } from "../../../lib/backend/mod.ts";
import { Random } from "../../../lib/core/mod.ts";
import type { KernelName } from "../../../lib/kernels/mod.ts";
import { addNorm, crossEntropy, gelu, matMul, rmsNorm } from "../../../lib/ops/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { fillMemory, mostBytes, tryMalloc, wasmBackend } from "../../support/full_memory.ts";
import { assertKernel } from "../../support/kernels.ts";
import { placeOf } from "../../support/poison.ts";
import { samples } from "../kernels/sample_cases.ts";

type Image = tf.Tensor4D;

/** Operations that need more room than is left; `x` is [64, 64]. */
const operations: Readonly<Record<string, (x: tf.Tensor2D) => tf.Tensor>> = {
  "rmsNorm": (x) => rmsNorm(x),
  "addNorm, which has two outputs": (x) => addNorm(x, x, { kind: "rms" }).sum,
  "gelu": (x) => gelu(x),
  "matMul": (x) => matMul(x, x),
  "crossEntropy": (x) => crossEntropy(tf.reshape(x, [2048, 2]), new Int32Array(2048)),
  "tf.matMul": (x) => tf.matMul(x, x),
  "tf.matMul of a transposed factor": (x) => tf.matMul(x, x, true),
  "tf.matMul in a batch": (x) => tf.matMul(tf.reshape(x, [4, 32, 32]), tf.reshape(x, [4, 32, 32])),
  "tf.conv2d": (x) =>
    tf.conv2d(
      tf.reshape(x, [1, 16, 16, 16]) as Image,
      tf.reshape(x, [2, 2, 16, 64]) as Image,
      1,
      1,
    ),
  "tf.topk": (x) => tf.topk(x, 64).values,
  "tf.transpose": (x) => tf.transpose(x),
  "tf.add": (x) => tf.add(x, x),
  "tf.fill": () => tf.fill([64, 64], 1),
  "tf.cast": (x) => tf.cast(x, "int32"),
  "data from the host": () => tf.tensor1d(new Float32Array(4096)),
  "a gradient": (x) => tf.grad((y: tf.Tensor) => tf.sum(rmsNorm(gelu(matMul(y, y)))))(x),
};

/** What is alive. */
const alive = (): number[] => [
  tf.memory().numTensors,
  tf.memory().numBytes,
  wasmBackend().numDataIds(),
];

for (const kernels of ["fused", "composed"] as const) {
  Deno.test(`operations without room throw, keep what is alive and leave nothing [wasm, ${kernels}]`, () =>
    onBackend("wasm", async () => {
      const x = tf.randomUniform([64, 64], -1, 1, "float32", 1) as tf.Tensor2D;
      const run = async (operation: (x: tf.Tensor2D) => tf.Tensor) => {
        const y = tf.tidy(() => operation(x));
        return (await readAll([y]).finally(() => y.dispose()))[0]!;
      };
      const before = Array.from((await readAll([x]))[0]!);
      const expected: Record<string, unknown> = {};
      for (const [name, operation] of Object.entries(operations)) {
        expected[name] = await run(operation);
      }
      {
        using _filled = fillMemory();
        assertEquals(wasmBackend().wasm.HEAPU8.length, mostBytes);
        const counts = alive();
        for (const [name, operation] of Object.entries(operations)) {
          const error = assertThrows(
            () => tf.tidy(() => operation(x)),
            OutOfMemoryError,
            undefined,
            name,
          );
          assert(error.requested > 0, `${name}: ${error.message}`);
          assertEquals(error.inUse >= 4 * 2 ** 12, true, `${name}: ${error.message}`);
          assertEquals(alive(), counts, `${name}: tensors, bytes and data that are alive`);
        }
        assertEquals(Array.from((await readAll([x]))[0]!), before, "what was alive");
      }
      for (const [name, operation] of Object.entries(operations)) {
        assertEquals(await run(operation), expected[name], `${name}, once there is room`);
      }
      x.dispose();
    }, { kernels, threads: 1 }));
}

Deno.test("a product for which C++ finds no room throws, and is right once there is [wasm, composed]", () =>
  onBackend("wasm", async () => {
    const [a, b] = [tf.ones([1, 64]) as tf.Tensor2D, tf.ones([64, 64]) as tf.Tensor2D];
    {
      using _filled = fillMemory();
      const counts = alive();
      // the output has room, XNNPACK's packed copy of b has not
      const { requested } = assertThrows(() => tf.matMul(a, b), OutOfMemoryError);
      assert(requested >= 4 * 64 * 64, `${requested} bytes were asked for`);
      assertEquals(alive(), counts);
    }
    const y = tf.matMul(a, b);
    assertEquals((await readAll([y]))[0], new Float32Array(64).fill(64));
    tf.dispose([a, b, y]);
  }, { kernels: "composed" }));

Deno.test("OutOfMemoryError says what was asked for and what is in use [wasm]", () =>
  onBackend("wasm", () => {
    const [column, row] = [tf.ones([2 ** 16, 1]), tf.ones([1, 2 ** 16])];
    // 16 GiB, which an address of 32 bits takes for 0
    const error = assertThrows(() => tf.add(column, row), OutOfMemoryError);
    assertEquals([error.requested, error.inUse], [2 ** 34, tf.memory().numBytes]);
    assertMatch(error.message, /^Cannot allocate 17179869184 bytes on the wasm backend, whose /);
    tf.dispose([column, row]);
  }));

Deno.test("small tensors fill the last of the memory, and none is lost or doubled [wasm]", () =>
  onBackend("wasm", async () => {
    using _filled = fillMemory();
    const counts = alive();
    const made: tf.Tensor[] = [];
    assertThrows(() => {
      for (;;) made.push(tf.tensor1d([made.length, 1, 2]));
    }, OutOfMemoryError);
    assert(made.length > 100, `${made.length} tensors`);
    const values = await readAll(made);
    assertEquals(values.map(([first]) => first), made.map((_, at) => at));
    tf.dispose(made);
    assertEquals(alive(), counts);
  }));

Deno.test("malloc gives no block beyond the memory or over another, however full it is [wasm]", () =>
  onBackend("wasm", () => {
    const random = new Random(1);
    const blocks: { readonly at: number; readonly size: number }[] = [];
    for (let step = 0; step < 20_000; step++) {
      if (blocks.length > 0 && random.uniform() < 0.4) {
        const freed = blocks.splice(random.integer(blocks.length), 1);
        freed.forEach(({ at }) => wasmBackend().wasm._free(at));
        continue;
      }
      const size = 1 + random.integer(2 ** (1 + random.integer(31)));
      const at = tryMalloc(size);
      if (at === undefined) continue;
      assert(at + size <= mostBytes, `${size} bytes at ${at}`);
      blocks.push({ at, size });
    }
    assert(wasmBackend().wasm.HEAPU8.length > 2 ** 31, "most of the memory was taken");
    blocks.sort((a, b) => a.at - b.at).reduce((before, block) => {
      assert(before.at + before.size <= block.at, JSON.stringify([before, block]));
      return block;
    });
    blocks.forEach(({ at }) => wasmBackend().wasm._free(at));
  }));

const room = 2 ** 23;

for (const start of [2 ** 31 - room / 2, 2 ** 31, mostBytes - room]) {
  Deno.test(`every kernel computes in memory from ${start} on [wasm]`, () =>
    onBackend("wasm", async () => {
      using _filled = fillMemory(16, [start, start + room]);
      const x = tf.ones([4096]);
      const place = placeOf("wasm", x) as number;
      assert(place >= start && place < start + room, `a tensor lies at ${place}`);
      x.dispose();
      for (const name of Object.keys(samples) as KernelName[]) {
        if (tf.getKernel(name, "wasm") != null) await assertKernel("wasm", samples[name]);
      }
    }));
}
