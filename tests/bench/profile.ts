// Where a training step goes: the time of each tfjs kernel in one step of the small Pre-LN decoder.

import * as tf from "@tensorflow/tfjs";
import { type BackendName, useBackend } from "@normkit/normkit";
import { modelSize } from "./contestants/batch.ts";
import { launchesOf } from "../support/launches.ts";
import { trainingRunner } from "./contestants/normkit_model.ts";

/**
 * Prints the kernels of one training step by the time that they take, after a few steps of warm-up; on WebGPU, what a step hands over
 * as well.
 *
 * @param backend The backend.
 * @param kernels Fused, on one thread, or composed.
 */
export async function printProfile(
  backend: BackendName,
  kernels: "fused" | "composed",
): Promise<void> {
  await useBackend(backend, { kernels, threads: 1 });
  const runner = trainingRunner("Pre-LN", modelSize({ width: 128, depth: 4 }));
  for (let i = 0; i < 3; i++) await runner.time(1);
  const step = await runner.time(5) / 5;
  const launches = backend === "webgpu" ? await launchesOf(() => runner.time(1)) : undefined;
  const recorded = await tf.profile(async () => {
    await runner.time(1);
    return [];
  });
  const rows = new Map<string, { calls: number; ms: number }>();
  for (const { name, kernelTimeMs } of recorded.kernels) {
    const row = rows.get(name) ?? { calls: 0, ms: 0 };
    const ms = await kernelTimeMs;
    rows.set(name, { calls: row.calls + 1, ms: row.ms + (typeof ms === "number" ? ms : 0) });
  }
  const sum = [...rows.values()].reduce((total, { ms }) => total + ms, 0);
  console.log(
    `${backend}, ${kernels}: ${step.toFixed(1)} ms a step, ${sum.toFixed(1)} ms in kernels`,
  );
  if (launches !== undefined) {
    const { numBytesAllocatedInGPU: bytes } = tf.memory() as unknown as Record<string, number>;
    console.log(
      `${launches.count} programs in ${launches.submits} submissions, ${bytes} bytes of memory`,
    );
  }
  for (const [name, { calls, ms }] of [...rows].sort(([, a], [, b]) => b.ms - a.ms)) {
    const share = (100 * ms / sum).toFixed(1);
    console.log(`${ms.toFixed(2).padStart(9)} ms ${share.padStart(5)} %  ${calls} × ${name}`);
  }
  await runner.dispose();
}
