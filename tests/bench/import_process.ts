// The process that import_time.ts starts: it loads a library, reads its first numbers back, and writes how long that took and how long
// processors worked for it, in milliseconds.

import { cpuUsage } from "node:process";

/** What is timed; each library is loaded only where it is asked for. */
const ways: Readonly<Record<string, () => Promise<void>>> = {
  "tfjs": async () => {
    await import("@tensorflow/tfjs");
    await import("@tensorflow/tfjs-backend-wasm");
  },
  "tfjs, a first product": async () => {
    const tf = await import("@tensorflow/tfjs");
    await import("@tensorflow/tfjs-backend-wasm");
    await tf.setBackend("wasm");
    await tf.matMul(tf.ones([4, 4]), tf.ones([4, 4])).data();
  },
  "normkit, a first norm": async () => {
    const { rmsNorm, useBackend } = await import("@normkit/normkit");
    const { ones } = await import("@tensorflow/tfjs");
    await useBackend("wasm");
    await rmsNorm(ones([4, 4])).data();
  },
};

if (import.meta.main) {
  const [start, worked] = [performance.now(), cpuUsage()];
  await ways[Deno.args[0]!]!();
  const { user, system } = cpuUsage(worked);
  console.log(JSON.stringify([performance.now() - start, (user + system) / 1000]));
}

/** The names of what is timed, tfjs's own load first. */
export const names: readonly string[] = Object.keys(ways);
