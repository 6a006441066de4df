// The causal softmax kernels against float64: square and with keys of the past, large scores, exact zeros.

import { assertEquals } from "@std/assert";
import type { Given } from "../../support/evaluate.ts";
import {
  assertKernel,
  floats,
  type KernelCase,
  kernelCase,
  onEachBackendWith,
  outputsOf,
} from "../../support/kernels.ts";

const shapes = [
  [1, 1, 1],
  [2, 3, 3],
  [3, 5, 5],
  [1, 1, 9],
  [2, 4, 11],
  [3, 31, 31],
  [2, 64, 64],
  [1, 127, 129],
  [5, 16, 257],
  [1, 2, 1023],
];

const softmaxCase = (scores: Given, scale: number): KernelCase =>
  kernelCase("NormkitCausalSoftmax", [scores], { scale });

const spread = (shape: readonly number[], spread: number): Given => floats(shape, 4, { spread });

onEachBackendWith(
  ["NormkitCausalSoftmax"],
  "NormkitCausalSoftmax is the oracle's at every shape",
  async (backend) => {
    for (const shape of shapes) {
      await assertKernel(backend, softmaxCase(spread(shape, 5), 0.35));
    }
  },
);

onEachBackendWith(
  ["NormkitCausalSoftmax"],
  "NormkitCausalSoftmax takes scores of hundreds, equal ones, and a negative scale",
  async (backend) => {
    const [shape, of] = [[2, 7, 9], spread([2, 7, 9], 400)];
    const equal = { shape, values: Array.from(of.values, () => -500) };
    for (const scores of [of, equal]) {
      await assertKernel(backend, softmaxCase(scores, 1));
      await assertKernel(backend, softmaxCase(scores, -0.5));
    }
  },
);

onEachBackendWith(
  ["NormkitCausalSoftmax"],
  "NormkitCausalSoftmax gives exactly 0 where a query may not see, whatever stands there",
  async (backend) => {
    const shape = [2, 5, 7];
    const hidden = (at: number): boolean => at % 7 > Math.floor(at / 7) % 5 + 2;
    const values = Array.from(spread(shape, 1).values, (v, at) => hidden(at) ? 1e30 : v);
    const [pattern] = await outputsOf(backend, softmaxCase({ shape, values }, 1));
    const zeros = Array.from(pattern!.values).filter((_, at) => hidden(at));
    assertEquals(zeros, zeros.map(() => 0));
    await assertKernel(backend, softmaxCase({ shape, values }, 1));
  },
);

onEachBackendWith(
  ["NormkitCausalSoftmax"],
  "NormkitCausalSoftmax makes NaN of what a row with NaN or ∞ sees, and of nothing else",
  async (backend) => {
    for (const size of [6, 8]) { // one number to a vector, and four
      for (const odd of [NaN, Infinity]) {
        const values = Float32Array.from(spread([1, size, size], 1).values);
        values[3 * size + 1] = odd;
        values[3 * size + 5] = odd; // which is hidden from that row
        const [pattern] = await outputsOf(
          backend,
          softmaxCase({ shape: [1, size, size], values }, 1),
        );
        const nan = Array.from(pattern!.values, Number.isNaN);
        assertEquals(nan, nan.map((_, at) => Math.floor(at / size) === 3 && at % size <= 3));
      }
    }
  },
);

onEachBackendWith(
  ["NormkitCausalSoftmaxGradient"],
  "NormkitCausalSoftmaxGradient is the oracle's at every shape",
  async (backend) => {
    for (const shape of shapes) {
      const [pattern] = softmaxCase(spread(shape, 5), 0.35).expected();
      const rounded = { shape, values: Float32Array.from(pattern!.values) };
      const given = kernelCase("NormkitCausalSoftmaxGradient", [floats(shape, 5), rounded], {
        scale: 0.35,
      });
      await assertKernel(backend, given);
    }
  },
);
