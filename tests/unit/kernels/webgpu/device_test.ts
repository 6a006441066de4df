// The end of a device. It cannot be opened again, so this file holds one test, in which the program goes on without it.

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  BackendUnavailableError,
  GpuError,
  readAll,
  throwGpuError,
} from "../../../../lib/backend/mod.ts";
import { useBackend } from "../../../../lib/kernels/mod.ts";
import { backends } from "../../../support/backends.ts";

if (backends.includes("webgpu")) {
  Deno.test("a lost device makes every operation and read a GpuError", async () => {
    await useBackend("webgpu");
    const x = tf.ones([2]);
    await x.data();
    const y = tf.add(x, x);
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    device.destroy();
    await assertRejects(() => y.data(), GpuError);
    await device.lost;
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await assertRejects(() => readAll([y]), GpuError);
      assert(error instanceof GpuError);
      assertMatch(error.message, /^The GPU device was lost \(destroyed\): /);
      await assertRejects(async () => await tf.add(x, attempt).data(), GpuError, "was lost");
    }
    assertThrows(throwGpuError, GpuError, "was lost");
    await assertRejects(
      () => useBackend("webgpu"),
      BackendUnavailableError,
      'Start the program anew or use "wasm"',
    );
    await useBackend("wasm");
    assertEquals(await readAll([tf.add(tf.ones([2]), 1)]), [new Float32Array([2, 2])]);
    await assertRejects(() => y.data(), GpuError, "was lost");
  });
}
