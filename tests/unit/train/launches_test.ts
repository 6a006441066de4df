// What a training step hands to a GPU.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { isSoftwareAdapter } from "../../../lib/backend/webgpu.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { useBackend } from "../../../lib/kernels/mod.ts";
import { train, type TrainSettings } from "../../../lib/train/mod.ts";
import { backends, onBackend } from "../../support/backends.ts";
import { type Launches, launchesOf } from "../../support/launches.ts";
import { manyRows, tiny } from "./tiny_run.ts";

/** What so many steps hand over, and the evaluations at their start and end. */
const launchesOfTraining = (settings: Partial<TrainSettings>, steps: number): Promise<Launches> =>
  launchesOf(async () => {
    const given = { ...tiny, ...settings, steps, evaluateEvery: steps };
    disposeTree((await train(given, manyRows)).parameters);
  });

/** What one step hands over. */
async function launchesOfStep(
  settings: Partial<TrainSettings>,
): Promise<{ readonly programs: number; readonly submits: number }> {
  const [few, many] = [4, 8];
  const short = await launchesOfTraining(settings, few);
  const long = await launchesOfTraining(settings, many);
  const ofStep = (key: "count" | "submits"): number => (long[key] - short[key]) / (many - few);
  return { programs: ofStep("count"), submits: ofStep("submits") };
}

function onGpu(name: string, body: () => Promise<void>, lacks = ""): void {
  const ignore = !backends.includes("webgpu") || lacks !== "";
  const title = lacks === "" ? name : `${name} [webgpu, which ${lacks}]`;
  Deno.test({ name: title, ignore, fn: () => onBackend("webgpu", body) });
}

/** What keeps products, or many tensors, out of one program; nothing where they fit. */
async function separates(): Promise<string> {
  if (!backends.includes("webgpu")) return "is absent";
  await useBackend("webgpu");
  const { limits, adapterInfo } = (tf.backend() as unknown as { device: GPUDevice }).device;
  if (!isSoftwareAdapter(adapterInfo)) return "has products of its own";
  const { maxStorageBuffersPerShaderStage: most } = limits;
  return most < 32 ? `binds ${most} tensors` : "";
}

onGpu("train() hands each step over once, with the numbers that it reports", async () => {
  for (const reportEvery of [1, 4, 8]) {
    const { submits } = await launchesOfStep({ reportEvery, clip: 1 });
    assertEquals(submits, 1, `reports every ${reportEvery} steps`);
  }
});

onGpu(
  "train() runs 32 programs for each layer in a step",
  async () => {
    const programsAt = async (depth: number): Promise<number> => {
      const model = { ...tiny.model, residual: "pre-ln", depth };
      return (await launchesOfStep({ model, reportEvery: 8 })).programs;
    };
    // AdamW takes four parameters at once, and a layer has sixteen
    assertEquals((await programsAt(6) - await programsAt(2)) / 4, 32);
  },
  await separates(),
);
