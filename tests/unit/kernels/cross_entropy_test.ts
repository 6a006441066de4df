// The cross-entropy kernels against float64: numbers of classes and rows, large logits, sure predictions.

import { assertEquals } from "@std/assert";
import type { Given } from "../../support/evaluate.ts";
import { scalarOf } from "../../support/evaluate.ts";
import {
  assertKernel,
  floats,
  integers,
  type KernelCase,
  kernelCase,
  onEachBackendWith,
  outputsOf,
} from "../../support/kernels.ts";

const sizes = [[1, 1], [1, 2], [3, 5], [7, 33], [64, 96], [5, 127], [9, 1021], [2, 4096], [
  5000,
  3,
]];

/** A label for each row, first and last class among them. */
const labelsFor = (rows: number, classes: number): number[] =>
  Array.from({ length: rows }, (_, row) => row % 3 === 2 ? classes - 1 : (row * 7) % classes);

interface Cases {
  readonly loss: KernelCase;
  readonly gradient: KernelCase;
}

function casesOf(logits: Given): Cases {
  const [rows, classes] = logits.shape as [number, number];
  const labels = integers(labelsFor(rows, classes));
  const loss = kernelCase("NormkitCrossEntropy", [logits, labels], {});
  const logSums = { shape: [rows], values: Float32Array.from(loss.expected()[1]!.values) };
  const inputs = [scalarOf(-1.75), logits, labels, logSums];
  return { loss, gradient: kernelCase("NormkitCrossEntropyGradient", inputs, {}) };
}

const bySize = sizes.map((shape) => casesOf(floats(shape, 6, { spread: 4 })));
const large = [
  casesOf(floats([6, 50], 7, { center: 1e3, spread: 30 })),
  casesOf(floats([6, 50], 8, { center: -500, spread: 500 })),
];

for (
  const [key, name] of [
    ["loss", "NormkitCrossEntropy"],
    ["gradient", "NormkitCrossEntropyGradient"],
  ] as const
) {
  onEachBackendWith([name], `${name} is the oracle's at every size`, async (backend) => {
    const quantity = key === "loss" ? "kernel" : "probability";
    for (const given of bySize) await assertKernel(backend, given[key], quantity);
  });

  onEachBackendWith([name], `${name} takes logits of hundreds`, async (backend) => {
    for (const given of large) {
      await assertKernel(backend, given[key], key === "loss" ? "kernel" : "exp of hundreds");
    }
  });
}

onEachBackendWith(
  ["NormkitCrossEntropy", "NormkitCrossEntropyGradient"],
  "NormkitCrossEntropy makes NaN of a row with NaN or ∞, and its gradient of no other row",
  async (backend) => {
    for (const classes of [6, 8]) { // one number to a vector, and four
      for (const odd of [NaN, Infinity]) {
        for (const column of [0, 3, classes - 1]) { // the label's, and others
          const values = Float32Array.from(floats([5, classes], 6).values);
          values[2 * classes + column] = odd;
          const logits = { shape: [5, classes], values };
          const labels = integers([0, 1, 3, 2, 1]);
          const forward = kernelCase("NormkitCrossEntropy", [logits, labels], {});
          const [loss, logs] = await outputsOf(backend, forward);
          const of = `${odd} at ${column} of ${classes}`;
          assertEquals(Array.from(loss!.values), [NaN], of);
          const inputs = [scalarOf(1), logits, labels, logs!];
          const [gradient] = await outputsOf(
            backend,
            kernelCase("NormkitCrossEntropyGradient", inputs, {}),
          );
          const nan = Array.from(gradient!.values, Number.isNaN);
          assertEquals(nan, nan.map((_, at) => Math.floor(at / classes) === 2), of);
        }
      }
    }
  },
);

onEachBackendWith(
  ["NormkitCrossEntropy"],
  "NormkitCrossEntropy takes −∞ for a class that cannot be",
  async (backend) => {
    for (const classes of [6, 8]) {
      const values = Float32Array.from(floats([3, classes], 6).values);
      values[classes + 4] = -Infinity;
      const logits = { shape: [3, classes], values };
      await assertKernel(
        backend,
        kernelCase("NormkitCrossEntropy", [logits, integers([0, 1, 2])], {}),
      );
      const [loss] = await outputsOf(
        backend,
        kernelCase("NormkitCrossEntropy", [logits, integers([0, 4, 2])], {}),
      );
      assertEquals(Array.from(loss!.values), [Infinity]);
    }
  },
);
