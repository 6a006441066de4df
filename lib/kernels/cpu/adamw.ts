// An optimizer's step: the joint norm of all gradients, and AdamW.

import type { Contract } from "../contract.ts";
import { held } from "../overflow.ts";
import { type CpuKernel, type Plain, plainKernel } from "./plain_kernel.ts";

/** The root of the sum of all squares. */
export const globalNormKernel: CpuKernel<"NormkitGlobalNorm"> = plainKernel((tensors) => {
  let total = 0;
  for (const { values } of tensors) {
    for (const value of values) total += value * value;
  }
  return [{ shape: [], values: Float32Array.of(Math.sqrt(held(total))) }];
});

/** A parameter with its two moments, after a step. */
type Stepped = readonly [p: Plain<Float32Array>, m: Plain<Float32Array>, v: Plain<Float32Array>];

/** One parameter's step with a gradient that is multiplied by `scale` first. */
function advance(
  [p, g, m, v]: readonly [Plain, Plain, Plain, Plain],
  scale: number,
  weightDecay: number,
  { rate, betas: [beta1, beta2], eps, step }: Contract["NormkitAdamW"],
): Stepped {
  const make = (): Plain<Float32Array> => ({
    shape: p.shape,
    values: new Float32Array(p.values.length),
  });
  const stepped: Stepped = [make(), make(), make()];
  for (let i = 0; i < p.values.length; i++) {
    const gradient = scale * g.values[i]!;
    const first = beta1 * m.values[i]! + (1 - beta1) * gradient;
    const second = beta2 * v.values[i]! + (1 - beta2) * held(gradient ** 2);
    const root = Math.sqrt(second / (1 - beta2 ** step)) + eps;
    const kept = (1 - rate * weightDecay) * p.values[i]!;
    stepped[0].values[i] = kept - rate * (first / (1 - beta1 ** step)) / root;
    stepped[1].values[i] = first;
    stepped[2].values[i] = second;
  }
  return stepped;
}

/** New parameters and moments, with bias corrections and decoupled decay. */
export const adamWKernel: CpuKernel<"NormkitAdamW"> = plainKernel((inputs, attributes) => {
  const count = attributes.decay.length;
  const scale = inputs.at(-1)!.values[0]!;
  const stepped = attributes.decay.map((weightDecay, index) => {
    const input = (kind: number): Plain => inputs[kind * count + index]!;
    return advance([input(0), input(1), input(2), input(3)], scale, weightDecay, attributes);
  });
  return [
    ...stepped.map(([p]) => p),
    ...stepped.map(([, m]) => m),
    ...stepped.map(([, , v]) => v),
  ];
});
