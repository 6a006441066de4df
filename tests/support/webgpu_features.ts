// Features that a WebGPU adapter may lack: tests that need one are shown as ignored, and the reason is printed.

import * as tf from "@tensorflow/tfjs";
import { useBackend } from "../../lib/kernels/mod.ts";
import type { RowStrategy } from "../../lib/kernels/webgpu/strategy.ts";
import { findSubgroups } from "../../lib/kernels/webgpu/subgroups.ts";
import { backends } from "./backends.ts";

/** A feature that programs may use where the device has it. */
export type GpuFeature = "subgroups" | "shader-f16";

/** The features that the device lacks, each with the reason. */
async function findAbsent(): Promise<ReadonlyMap<GpuFeature, string>> {
  if (!backends.includes("webgpu")) return new Map();
  await useBackend("webgpu");
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  const subgroups = await findSubgroups(device);
  return new Map<GpuFeature, string>([
    ...(typeof subgroups === "string" ? [["subgroups", subgroups]] as const : []),
    ...(device.features.has("shader-f16")
      ? []
      : [["shader-f16", "the device has no f16"]] as const),
  ]);
}

const absent = await findAbsent();
for (const [name, why] of absent) console.log(`absent WebGPU features: ${name} (${why})`);

/**
 * Registers a test of WebGPU that needs a feature; it is ignored, by name, where the device lacks it.
 *
 * @param feature The feature; nothing where the test needs none.
 * @param name What is tested: "symbol() criterion".
 * @param fn The test.
 */
export function onGpuWith(
  feature: GpuFeature | undefined,
  name: string,
  fn: () => Promise<void>,
): void {
  if (!backends.includes("webgpu")) return;
  const ignore = feature !== undefined && absent.has(feature);
  Deno.test({ name: ignore ? `${name} [webgpu, which lacks ${feature}]` : name, ignore, fn });
}

/**
 * Registers a test of programs on WebGPU that share rows in one way; it is ignored, by name, where the adapter cannot.
 *
 * @param rows The way.
 * @param name What is tested: "symbol() criterion".
 * @param fn The test.
 */
export function onGpuWithRows(rows: RowStrategy, name: string, fn: () => Promise<void>): void {
  onGpuWith(rows === "subgroup" ? "subgroups" : undefined, name, fn);
}
