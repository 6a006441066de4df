// Features that a WebGPU adapter may lack: tests that need one are shown as ignored, and the reason is printed.

import * as tf from "@tensorflow/tfjs";
import { useBackend } from "../../lib/kernels/mod.ts";
import type { RowStrategy } from "../../lib/kernels/webgpu/strategy.ts";
import { findSubgroups } from "../../lib/kernels/webgpu/subgroups.ts";
import { backends } from "./backends.ts";

async function whyNoSubgroups(): Promise<string | undefined> {
  if (!backends.includes("webgpu")) return "there is no WebGPU";
  await useBackend("webgpu");
  const found = await findSubgroups((tf.backend() as unknown as { device: GPUDevice }).device);
  return typeof found === "string" ? found : undefined;
}

const noSubgroups = await whyNoSubgroups();
if (noSubgroups !== undefined) console.log(`absent WebGPU features: subgroups (${noSubgroups})`);

/**
 * Registers a test of programs on WebGPU that share rows in one way; it is ignored, by name, where the adapter cannot.
 *
 * @param rows The way.
 * @param name What is tested: "symbol() criterion".
 * @param fn The test.
 */
export function onGpuWithRows(rows: RowStrategy, name: string, fn: () => Promise<void>): void {
  if (!backends.includes("webgpu")) return;
  const ignore = rows === "subgroup" && noSubgroups !== undefined;
  Deno.test({ name: ignore ? `${name} [webgpu, which lacks subgroups]` : name, ignore, fn });
}
