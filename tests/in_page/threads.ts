// Runs in a page: threads of the WASM backend where the page is cross-origin isolated, and the sentence that says why there are none
// where it is not.

import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { useBackend } from "../../mod.ts";

Deno.test("useBackend() starts threads where the page is isolated, and says why not elsewhere", async () => {
  const { kernels } = await useBackend("wasm", { threads: 3 });
  if (crossOriginIsolated) assertMatch(kernels!.detail, /SIMD, 3 threads$/);
  else assertStringIncludes(kernels!.detail, "1 thread (");
  if (!crossOriginIsolated) assertStringIncludes(kernels!.detail, "cross-origin isolated");
  const [x, w] = [tf.ones([300, 200]), tf.ones([200, 100])];
  const y = tf.matMul(x, w);
  const values = await y.data();
  tf.dispose([x, w, y]);
  assertEquals(new Set(values), new Set([200]));
});

Deno.test("useBackend() takes WASM where there is no hardware adapter, with the reason", async () => {
  const { name, reason } = await useBackend();
  assertEquals([name, reason], ["wasm", "no hardware WebGPU adapter"]);
});
