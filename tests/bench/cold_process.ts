// The process that cold.ts starts: one training step, a line, two more steps, a line with the memory it took.

import { type BackendName, useBackend } from "@normkit/normkit";
import type { ModelSize } from "./contestants/batch.ts";
import { peakMemoryMiB, wasmHeapBytes } from "./record/memory.ts";
import type { Runner } from "./timing/contestant.ts";

/** Each library is loaded only where it is asked for. */
const libraries: Readonly<Record<string, (size: ModelSize, on: BackendName) => Promise<Runner>>> = {
  fused: async (size, on) => {
    await useBackend(on);
    return (await import("./contestants/normkit_model.ts")).trainingRunner("Pre-LN", size);
  },
  composed: async (size, on) => {
    await useBackend(on, { kernels: "composed" });
    return (await import("./contestants/normkit_model.ts")).trainingRunner("Pre-LN", size);
  },
  tfjs: async (size, on) => {
    await useBackend(on, { kernels: "composed" });
    return (await import("./contestants/tfjs_model.ts")).tfjsTrainingRunner(size);
  },
  jax: async (size, on) => {
    const { jaxTrainingRunner } = await import("./contestants/jax_model.ts");
    const { jaxModes } = await import("./contestants/jax.ts");
    return await jaxTrainingRunner(size, on, jaxModes(on).at(-1)!);
  },
};

const [library, backend, size] = Deno.args as [string, BackendName, string];
const runner = await libraries[library]!(JSON.parse(size), backend);
await runner.time(1);
console.log("first step");
await runner.time(2);
const heapMiB = library === "jax" ? 0 : wasmHeapBytes() / 2 ** 20;
console.log(JSON.stringify({ peakMiB: await peakMemoryMiB(), heapMiB }));
Deno.exit(0); // jax-js's workers would keep the process alive
