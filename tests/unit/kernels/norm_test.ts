// The norm kernels against float64: widths, shapes, gain and bias, in poisoned memory.

import { compilesSlowly } from "../../support/backends.ts";
import { assertKernel, onEachBackendWith } from "../../support/kernels.ts";
import { kinds, type NormCases, normCases, type NormGiven } from "./norm_cases.ts";

/** A GPU compiles a program for each width. */
const allWidths = [1, 2, 3, 4, 5, 7, 12, 31, 64, 100, 127, 128, 257, 768, 1021, 1023, 1024, 4096];
const fewWidths = [1, 3, 7, 127, 128, 1021, 1023, 4096];
/** The widths of the first kind of norm, and of the others. */
const [widths, otherWidths] = compilesSlowly ? [fewWidths, [3, 128]] : [allWidths, fewWidths];
/** Counts that are no multiple of what a kernel may take at once. */
const counts = [1, 2, 3, 5, 8, 17, 33, 65];

/** Up to three values are normed to ±1 up to ε: a gradient of about ε is what float32 leaves of equal terms. */
const epsFor = (width: number, index: number): number =>
  width <= 3 ? 0.3 : [1e-5, 1e-3, 0.3][index % 3]!;

const bySize: readonly NormGiven[] = kinds.flatMap((kind) => [
  ...(kind === "layer" ? widths : otherWidths).map((width, index) => ({
    kind,
    shape: [counts[index % 6]!, width],
    eps: epsFor(width, index),
  })),
  ...counts.map((count) => ({ kind, shape: [count, 40] })),
]);

const byShape: readonly NormGiven[] = kinds.flatMap((kind) =>
  [[9], [3, 9], [2, 3, 9], [2, 1, 3, 9], [1, 1, 1, 64]].map((shape) => ({ kind, shape }))
);

const byParameters: readonly NormGiven[] = kinds.flatMap((kind) =>
  [[4, 36], [3, 37]].flatMap((shape) =>
    [[false, false], [true, false], [false, true]].map(([gain, bias]) => ({
      kind,
      shape,
      gain: gain!,
      bias: bias!,
      alpha: 1,
    }))
  )
);

const kernels = {
  norm: "NormkitNorm",
  gradient: "NormkitNormGradient",
  add: "NormkitAddNorm",
  addGradient: "NormkitAddNormGradient",
} as const;

const cases = (list: readonly NormGiven[]): readonly NormCases[] => list.map(normCases);
const [sizes, shapes, parameters] = [cases(bySize), cases(byShape), cases(byParameters)];
const tall = cases(
  (["layer", "crms-padded"] as const).map((kind) => ({ kind, shape: [100_000, 3], eps: 0.3 })),
);
const other = cases(
  kinds.flatMap((kind) =>
    [[2, 8, 1e-5], [2, 12, 1e-5], [2, 8, 0.5], [2, 8, 1e-5]].map(([rows, width, eps]) => ({
      kind,
      shape: [rows!, width!],
      eps: eps!,
    }))
  ),
);

for (const key of Object.keys(kernels) as (keyof NormCases)[]) {
  const name = kernels[key];
  onEachBackendWith([name], `${name} is the oracle's at every width and count`, async (backend) => {
    for (const given of sizes) await assertKernel(backend, given[key]);
  });

  onEachBackendWith([name], `${name} keeps ranks 1 to 4`, async (backend) => {
    for (const given of shapes) await assertKernel(backend, given[key]);
  });

  onEachBackendWith([name], `${name} takes gain and bias alone, or neither`, async (backend) => {
    for (const given of parameters) await assertKernel(backend, given[key]);
  });

  onEachBackendWith([name], `${name} of 100000 rows keeps its digits`, async (backend) => {
    for (const given of tall) await assertKernel(backend, given[key]);
  });

  onEachBackendWith([name], `${name} tells widths and ε apart in one process`, async (backend) => {
    for (const given of other) await assertKernel(backend, given[key]);
  });
}
