// What a training step hands to a GPU.

import { assertEquals } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
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

function onGpu(name: string, body: () => Promise<void>): void {
  Deno.test({
    name,
    ignore: !backends.includes("webgpu"),
    fn: () => onBackend("webgpu", body),
  });
}

onGpu("train() hands each step over once, with the numbers that it reports", async () => {
  for (const reportEvery of [1, 4, 8]) {
    const { submits } = await launchesOfStep({ reportEvery, clip: 1 });
    assertEquals(submits, 1, `reports every ${reportEvery} steps`);
  }
});
