// The kernels of an optimizer's step against float64: the joint norm, and AdamW at the first step and later ones.

import type { Given } from "../../support/evaluate.ts";
import { scalarOf } from "../../support/evaluate.ts";
import {
  assertKernel,
  floats,
  type KernelCase,
  kernelCase,
  onEachBackendWith,
} from "../../support/kernels.ts";

const norms = [
  [floats([], 1)],
  [floats([7], 1), floats([3, 5], 2), floats([], 3)],
  Array.from({ length: 40 }, (_, at) => floats([at + 1, 13], at)),
  [floats([300, 1021], 4)],
  [floats([33], 5, { spread: 1e-12 }), floats([5], 6, { spread: 1e6 })],
  [{ shape: [2, 2], values: [0, 0, 0, 0] }],
].map((tensors) => kernelCase("NormkitGlobalNorm", tensors, {}));

onEachBackendWith(
  ["NormkitGlobalNorm"],
  "NormkitGlobalNorm is the oracle's, of one number, of many tensors, of zeros",
  async (backend) => {
    for (const given of norms) await assertKernel(backend, given);
  },
);

/** Vectors of four and numbers, more of each than a program takes at once, and one without a number. */
const shapes = [
  [],
  [5],
  [33],
  [3, 7],
  [64, 64],
  [2, 3, 127],
  [1],
  [301, 17],
  [4],
  [0, 3],
  [8, 2],
  [
    12,
  ],
  [20],
  [16],
];

/** A step in the middle of training, or the first with moments of 0. */
function adamW(step: number, scale: number, weightDecay: number): KernelCase {
  const each = (make: (shape: number[], at: number) => Given): Given[] => shapes.map(make);
  const square = ({ shape, values }: Given): Given => ({
    shape,
    values: Float32Array.from(values, (value) => value * value),
  });
  const zero = ({ shape, values }: Given): Given => ({
    shape,
    values: new Float32Array(values.length),
  });
  const first = each((shape, at) => floats(shape, 40 + at, { spread: 0.1 }));
  const second = each((shape, at) => square(floats(shape, 60 + at, { spread: 0.1 })));
  const inputs = [
    ...each((shape, at) => floats(shape, at)),
    ...each((shape, at) => floats(shape, 20 + at)),
    ...(step === 1 ? first.map(zero) : first),
    ...(step === 1 ? second.map(zero) : second),
    scalarOf(scale),
  ];
  return kernelCase("NormkitAdamW", inputs, {
    rate: 0.01,
    betas: [0.9, 0.98],
    eps: 1e-8,
    step,
    decay: shapes.map((shape) => shape.length >= 2 ? weightDecay : 0),
  });
}

const steps = [adamW(1, 1, 0), adamW(1, 0.25, 0.1), adamW(7, 0.5, 0.1), adamW(100_000, 1, 0.01)];

onEachBackendWith(
  ["NormkitAdamW"],
  "NormkitAdamW is the oracle's at the first step and later, with scale and decay",
  async (backend) => {
    for (const given of steps) await assertKernel(backend, given);
  },
);
