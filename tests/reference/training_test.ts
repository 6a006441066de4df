import { assertAlmostEquals, assertEquals } from "@std/assert";
import { assertClose } from "./assert_close.ts";
import { differences } from "./differences.ts";
import { crossEntropy, crossEntropyGrad } from "./losses.ts";
import { adamWStart, adamWStep, clipGlobalNorm, sgdStep } from "./optimizers.ts";
import { randomRows, uniform } from "./random.ts";
import { learningRate, type Schedule } from "./schedules.ts";

Deno.test("crossEntropy() of equal logits is log V, however large they are", () => {
  const row = Array.from({ length: 11 }, () => 1e4);
  assertAlmostEquals(crossEntropy([row, row], [0, 10]), Math.log(11), 1e-12);
});

Deno.test("crossEntropyGrad() agrees with central differences", () => {
  const logits = randomRows(uniform(1), 3, 5);
  const targets = [4, 0, 2];
  for (const options of [{}, { smoothing: 0.1 }, { ignore: 0, smoothing: 1 }]) {
    const loss = (flat: Float64Array): number =>
      crossEntropy(logits.map((_, t) => [...flat.slice(5 * t, 5 * t + 5)]), targets, options);
    const expected = differences(loss, logits.flat());
    assertClose(crossEntropyGrad(logits, targets, options).flat(), expected, "gradient");
  }
});

const settings = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.5 };

Deno.test("adamWStep() moves by the learning rate at first, whatever the gradient's size", () => {
  const gradient = [3e-3, -7e4];
  const { parameters } = adamWStep(adamWStart([1, -2]), gradient, settings);
  assertClose(parameters, [0.95 - 0.1, -1.9 + 0.1], "parameters", 1e-6);
});

Deno.test("adamWStep() decays the parameters alone when the gradient is zero", () => {
  const { parameters, step } = adamWStep(adamWStart([1, -2]), [0, 0], settings);
  assertClose(parameters, [0.95, -1.9], "parameters", 1e-15);
  assertEquals(step, 1);
});

Deno.test("sgdStep() goes against the gradient", () => {
  assertClose(sgdStep([1, 2], [4, -8], 0.25), [0, 4], "parameters", 1e-15);
});

Deno.test("clipGlobalNorm() scales to the limit together, and leaves what is below it", () => {
  const { clipped, norm } = clipGlobalNorm([[3], [0, 4]], 1);
  assertEquals(norm, 5);
  assertClose(clipped.flat(), [0.6, 0, 0.8], "clipped", 1e-15);
  assertEquals(clipGlobalNorm([[3], [0, 4]], 6).clipped, [[3], [0, 4]]);
});

Deno.test("clipGlobalNorm() of zero gradients is zero", () => {
  assertEquals(clipGlobalNorm([[0, 0]], 1), { clipped: [[0, 0]], norm: 0 });
});

const curve = { peak: 2, warmup: 10, total: 110, floor: 0.5 };
const schedules: readonly Schedule[] = ["constant", "linear", "cosine", "inverse-sqrt"];

Deno.test("learningRate() reaches the peak at T, continuously, and T = 1 means no warm-up", () => {
  for (const schedule of schedules) {
    assertAlmostEquals(learningRate(schedule, 1, curve), 0.2, 1e-15);
    assertEquals(learningRate(schedule, 10, curve), 2);
    assertAlmostEquals(learningRate(schedule, 10 + 1e-9, curve), 2, 1e-8);
    assertEquals(learningRate(schedule, 1, { ...curve, warmup: 1 }), 2);
  }
});

Deno.test("learningRate() has each schedule's value half-way and at the end", () => {
  const at = (step: number): number[] => schedules.map((name) => learningRate(name, step, curve));
  assertClose(at(60), [2, 1.25, 1.25, 2 / Math.sqrt(6)], "half-way", 1e-14);
  assertClose(at(110), [2, 0.5, 0.5, 2 / Math.sqrt(11)], "end", 1e-14);
  assertAlmostEquals(learningRate("inverse-sqrt", 40, curve), 1, 1e-15);
});
