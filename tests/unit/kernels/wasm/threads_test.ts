// Threads on WASM: the same bits as one thread, every row done once, and a process that ends.

import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { pathToFileURL } from "node:url";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { useBackend } from "../../../../lib/kernels/mod.ts";
import { openRuntime, type WasmBackend } from "../../../../lib/kernels/wasm/runtime.ts";
import { onBackend } from "../../../support/backends.ts";

function runtime(): ReturnType<typeof openRuntime> {
  return openRuntime(tf.backend() as unknown as WasmBackend);
}

Deno.test("setThreads() starts and ends threads, and detail says how many", () =>
  onBackend("wasm", async () => {
    const module = runtime();
    assertMatch(module.detail, /SIMD, 1 thread$/);
    await Promise.all([module.setThreads(3), module.setThreads(3)]);
    assertEquals(module.threads, 3);
    assertMatch(module.detail, /SIMD, 3 threads$/);
    await module.setThreads(1);
    assertEquals(module.threads, 1);
  }));

Deno.test("useBackend() with threads outside 1 to 64 is a range error", async () => {
  for (const threads of [0, 65, 1.5, NaN]) {
    await assertRejects(() => useBackend("wasm", { threads }), RangeError, `threads = ${threads}`);
  }
});

Deno.test("setThreads() stays at one and says why where the memory is not shared", async () => {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const alone = openRuntime({ wasm: { asm: { memory } } } as unknown as WasmBackend);
  await alone.setThreads(2);
  assertEquals(alone.threads, 1);
  assertMatch(
    alone.detail,
    /1 thread \(threads need shared memory, which a page has if it is cross-origin isolated\)$/,
  );
});

Deno.test("split() does every row once, whatever the number of threads and the grain", () =>
  onBackend("wasm", async () => {
    const module = runtime();
    const x = tf.range(0, 1001, 1, "float32");
    const from = module.address(x);
    for (const threads of [1, 2, 3, 5]) {
      await module.setThreads(threads);
      for (const grain of [1, 300, 2000, Infinity]) {
        const y = tf.fill([1001], NaN);
        const parts: number[] = [];
        module.split("copy", 1001, grain, (first, count, thread) => {
          parts[thread] = count;
          return [from + first * 4, module.address(y) + first * 4, count];
        });
        assertEquals(y.dataSync(), x.dataSync());
        assertEquals(parts.length, Math.max(1, Math.min(threads, Math.floor(1001 / grain))));
        y.dispose();
      }
    }
    await module.setThreads(1);
    x.dispose();
  }));

Deno.test("split() throws when a thread fails, and works again afterwards", () =>
  onBackend("wasm", async () => {
    const module = runtime();
    await module.setThreads(2);
    const [x, y] = [tf.ones([2]), tf.zeros([2])];
    const copyFrom = (address: (thread: number) => number): void =>
      module.split("copy", 2, 1, (first, count, thread) => [
        address(thread) + first * 4,
        module.address(y) + first * 4,
        count,
      ]);
    const outside = 2 ** 32 - 64;
    for (const bad of [0, 1]) {
      const failing = (thread: number): number => thread === bad ? outside : module.address(x);
      assertThrows(() => copyFrom(failing), WebAssembly.RuntimeError);
    }
    copyFrom(() => module.address(x));
    assertEquals([...y.dataSync()], [1, 1]);
    await module.setThreads(1);
    tf.dispose([x, y]);
  }));

Deno.test("products are the same bits with one thread and with three [wasm]", () =>
  onBackend("wasm", async () => {
    const shapes = [[[512, 300], [300, 200]], [[2, 700], [700, 3000]], [[24, 64, 48], [
      24,
      48,
      40,
    ]]];
    for (const [a, b] of shapes) {
      const [x, y] = [tf.randomNormal(a!), tf.randomNormal(b!)];
      const found: tf.TypedArray[] = [];
      for (const threads of [1, 3]) {
        const { kernels } = await useBackend("wasm", { threads });
        assertMatch(kernels!.detail, new RegExp(`${threads} threads?$`));
        const z = tf.matMul(x, y);
        found.push(z.dataSync());
        z.dispose();
      }
      assertEquals(found[0], found[1]);
      tf.dispose([x, y]);
    }
    await useBackend("wasm");
  }));

Deno.test("threads see memory that grew while they waited [wasm]", () =>
  onBackend("wasm", async () => {
    await useBackend("wasm", { threads: 2 });
    const { memory } = (tf.backend() as unknown as WasmBackend).wasm.asm;
    const before = memory.buffer.byteLength;
    const held: tf.Tensor[] = [];
    while (memory.buffer.byteLength === before) held.push(tf.zeros([1 << 20]));
    const [x, ones] = [tf.ones([2048, 256]), tf.ones([256, 64])]; // at the end of the new memory
    const y = tf.matMul(x, ones);
    assertEquals(y.dataSync().every((value) => value === 256), true);
    tf.dispose([...held, x, ones, y]);
    await useBackend("wasm");
  }));

Deno.test("a process with threads ends by itself", async () => {
  const program = `
    import * as tf from "@tensorflow/tfjs";
    import { useBackend } from "${pathToFileURL(`${checkout}/mod.ts`)}";
    const { kernels } = await useBackend("wasm", { threads: 2 });
    const x = tf.ones([512, 512]);
    console.log(kernels.detail, (await tf.matMul(x, x).max().data())[0]);`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", `${checkout}/deno.json`, program],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertMatch(new TextDecoder().decode(stdout), /SIMD, 2 threads 512\n$/);
});
