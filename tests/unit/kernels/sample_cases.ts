// One case of every kernel, for tests of what all kernels have in common.

import type { KernelName } from "../../../lib/kernels/mod.ts";
import { scalarOf } from "../../support/evaluate.ts";
import { floats, integers, type KernelCase, kernelCase } from "../../support/kernels.ts";
import { normCases } from "./norm_cases.ts";

/** A case by kernel. */
export type Samples = Readonly<Record<KernelName, KernelCase>>;

/** A case of every kernel on tensors of about that size. */
export function samplesOf(rows: number, width: number): Samples {
  const batch = rows >> 2;
  const [x, branch, dy] = [
    floats([rows, width], 1),
    floats([rows, width], 2),
    floats([rows, width], 3),
  ];
  const gate = scalarOf(Math.fround(0.6));
  const labels = integers(Array.from({ length: rows }, (_, row) => (row * 5) % width));
  const norms = normCases({ kind: "layer", shape: [rows, width] });
  const pattern = kernelCase("NormkitCausalSoftmax", [floats([batch, 13, 17], 4)], { scale: 0.3 });
  const loss = kernelCase("NormkitCrossEntropy", [x, labels], {});
  const square = { ...x, values: Float32Array.from(x.values, (value) => value * value) };
  const mixes = { scale: 0.3, causal: true, window: Infinity, counted: false };
  const [queries, keys] = [[2, batch, 4, 6], [2, batch + 3, 2, 6]];
  const [q, k, v] = [floats(queries, 12), floats(keys, 13), floats(keys, 14)];
  const attention = kernelCase("NormkitAttention", [q, k, v], mixes);
  const matrices = [floats([width, 41], 5), floats([width, 41], 6)];
  const gpas = { activation: "silu", on: "sum", alpha: 1.5 } as const;

  return {
    NormkitNorm: norms.norm,
    NormkitNormGradient: norms.gradient,
    NormkitAddNorm: norms.add,
    NormkitAddNormGradient: norms.addGradient,
    NormkitGpas: kernelCase("NormkitGpas", [x, gate], gpas),
    NormkitGpasGradient: kernelCase("NormkitGpasGradient", [dy, x, gate], gpas),
    NormkitAddGpas: kernelCase("NormkitAddGpas", [x, branch, gate], gpas),
    NormkitAddGpasGradient: kernelCase("NormkitAddGpasGradient", [dy, x, branch, gate], gpas),
    NormkitGelu: kernelCase("NormkitGelu", [x], { approximation: "none" }),
    NormkitGeluGradient: kernelCase("NormkitGeluGradient", [dy, x], { approximation: "none" }),
    NormkitCausalSoftmax: pattern,
    NormkitCausalSoftmaxGradient: kernelCase(
      "NormkitCausalSoftmaxGradient",
      [floats([batch, 13, 17], 5), pattern.expected()[0]!],
      { scale: 0.3 },
    ),
    NormkitAttention: attention,
    NormkitAttentionGradient: kernelCase(
      "NormkitAttentionGradient",
      [floats(queries, 15), q, k, v, ...attention.expected()],
      mixes,
    ),
    NormkitCrossEntropy: loss,
    NormkitCrossEntropyGradient: kernelCase(
      "NormkitCrossEntropyGradient",
      [scalarOf(2), x, labels, loss.expected()[1]!],
      {},
    ),
    NormkitLinear: kernelCase(
      "NormkitLinear",
      [x, ...matrices, floats([41], 7), floats([41], 8)],
      { bias: true },
    ),
    NormkitLinearGradient: kernelCase(
      "NormkitLinearGradient",
      [floats([rows, 41], 9), floats([rows, 41], 10), x, ...matrices],
      { bias: true },
    ),
    NormkitScatterRows: kernelCase("NormkitScatterRows", [
      x,
      integers(Array.from({ length: rows }, (_, row) => rows - 1 - row)),
      integers([
        0,
        0,
        ...Array.from({ length: Math.ceil(rows / 3) }, (_, v) => Math.min(rows, 3 * v + 3)),
      ]),
    ], {}),
    NormkitGlobalNorm: kernelCase("NormkitGlobalNorm", [x, branch, floats([5], 8)], {}),
    NormkitAdamW: kernelCase(
      "NormkitAdamW",
      [x, floats([7], 9), branch, floats([7], 10), dy, floats([7], 11), square, {
        shape: [7],
        values: [1, 2, 3, 4, 5, 6, 7],
      }, scalarOf(0.5)],
      { rate: 0.01, betas: [0.9, 0.98], eps: 1e-8, step: 3, decay: [0.1, 0] },
    ),
  };
}

/** Cases of a few kilobytes. */
export const samples: Samples = samplesOf(17, 39);
