// Runs in a page whose policy allows its own scripts and WASM: threads only where it allows workers of the page's making too.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { useBackend } from "../../mod.ts";

Deno.test("useBackend() has one thread where the policy forbids workers, and says what it must allow", async () => {
  const { name, kernels } = await useBackend("wasm", { threads: 2 });
  assertEquals(name, "wasm");
  assertStringIncludes(
    kernels!.detail,
    "SIMD, 1 thread (the thread failed: the page's policy must have worker-src blob:)",
  );
});
