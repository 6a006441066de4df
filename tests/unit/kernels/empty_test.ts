// Kernels of tensors with an axis of length 0: what has elements nevertheless is a sum without a term.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../../lib/backend/mod.ts";
import type { Contract, KernelName } from "../../../lib/kernels/mod.ts";
import { callKernel } from "../../../lib/kernels/mod.ts";
import { onEachBackendWith } from "../../support/kernels.ts";
import { kinds } from "./norm_cases.ts";

type Shape = readonly number[];

/** A kernel with the shapes that it takes and gives; integers are zeros. */
interface EmptyCase {
  readonly name: KernelName;
  readonly inputs: readonly (Shape | { readonly int32: Shape })[];
  readonly outputs: readonly Shape[];
  readonly attributes: unknown;
  /** What the outputs hold; 0 by default. */
  readonly value?: number;
}

function emptyCase<K extends KernelName>(
  name: K,
  attributes: Contract[K],
  inputs: EmptyCase["inputs"],
  outputs: EmptyCase["outputs"],
  value = 0,
): EmptyCase {
  return { name, attributes, inputs, outputs, value };
}

const gate = { activation: "silu", on: "sum", alpha: 1.5 } as const;
const exact = { approximation: "none" } as const;

const cases: readonly EmptyCase[] = [
  // vectors of four numbers or one, held in registers or read again
  ...[8, 7, 1500].flatMap((width) =>
    kinds.flatMap((kind) => {
      const [x, vector] = [[2, 0, width], [width]];
      const norm = { kind, eps: 1e-5, gain: true, bias: true };
      const gradients = [x, vector, vector];
      return [
        emptyCase("NormkitNorm", norm, [x, vector, vector], [x]),
        emptyCase("NormkitNormGradient", norm, [x, x, vector], gradients),
        emptyCase("NormkitAddNorm", { ...norm, alpha: 2 }, [x, x, vector, vector], [x, x]),
        emptyCase("NormkitAddNormGradient", norm, [x, x, x, vector], gradients),
      ];
    })
  ),
  emptyCase("NormkitGpas", gate, [[0, 3], []], [[0, 3]]),
  emptyCase("NormkitGpasGradient", gate, [[0, 3], [0, 3], []], [[]]),
  emptyCase("NormkitAddGpas", gate, [[0], [0], []], [[0]]),
  emptyCase("NormkitAddGpasGradient", gate, [[0], [0], [0], []], [[]]),
  emptyCase("NormkitGelu", exact, [[0, 3]], [[0, 3]]),
  emptyCase("NormkitGeluGradient", exact, [[0, 3], [0, 3]], [[0, 3]]),
  ...[[0, 2, 3], [2, 0, 3], [2, 0, 0]].flatMap((shape) => [
    emptyCase("NormkitCausalSoftmax", { scale: 1 }, [shape], [shape]),
    emptyCase("NormkitCausalSoftmaxGradient", { scale: 1 }, [shape, shape], [shape]),
  ]),
  // no sequence, no query, no key, no number in a head
  ...[[0, 2, 3, 4], [2, 0, 3, 4], [2, 2, 0, 4], [2, 2, 3, 0]].flatMap(
    ([batch, queries, keys, width]) => {
      const mixes = { scale: 1, causal: false, window: Infinity, counted: false };
      const [q, k] = [[batch!, queries!, 4, width!], [batch!, keys!, 2, width!]];
      const sums = q.slice(0, -1);
      return [
        ...(width === 0 ? [] : [emptyCase("NormkitAttention", mixes, [q, k, k], [q, sums])]),
        emptyCase("NormkitAttentionGradient", mixes, [q, q, k, k, q, sums], [q, k, k]),
      ];
    },
  ),
  emptyCase("NormkitCrossEntropyGradient", {}, [[], [0, 3], { int32: [0] }, [0]], [[0, 3]]),
  emptyCase("NormkitLinear", { bias: true }, [[0, 4], [4, 5], [5]], [[0, 5]]),
  emptyCase("NormkitLinear", { bias: false }, [[3, 4], [4, 0]], [[3, 0]]),
  emptyCase("NormkitLinear", { bias: false }, [[3, 0], [0, 5]], [[3, 5]]),
  emptyCase("NormkitLinear", { bias: true }, [[3, 0], [0, 5], [5]], [[3, 5]], 1),
  // no row, no output, no input of a map, or of two
  ...[1, 2].flatMap((count) =>
    [[0, 4, 8], [0, 4, 7], [3, 4, 0], [3, 0, 5]].flatMap(([rows, inner, outer]) => {
      const each = (shape: number[]) => Array<number[]>(count).fill(shape);
      const [x, dys, matrices] = [[rows!, inner!], each([rows!, outer!]), each([inner!, outer!])];
      return emptyCase("NormkitLinearGradient", { bias: false }, [...dys, x, ...matrices], [
        x,
        ...matrices,
      ]);
    })
  ),
  emptyCase("NormkitLinearGradient", { bias: true }, [[3, 5], [3, 0], [0, 5]], [[3, 0], [0, 5], [
    5,
  ]], 3),
  ...[[0, 4, 8], [0, 4, 7], [3, 4, 0]].map(([rows, inner, outer]) => {
    const [dy, x, w] = [[rows!, outer!], [rows!, inner!], [inner!, outer!]];
    return emptyCase("NormkitLinearGradient", { bias: true }, [dy, x, w], [x, w, [outer!]]);
  }),
  emptyCase("NormkitScatterRows", {}, [[0, 4], { int32: [0] }, { int32: [4] }], [[3, 4]]),
  emptyCase("NormkitScatterRows", {}, [[0, 4], { int32: [0] }, { int32: [1] }], [[0, 4]]),
  emptyCase("NormkitScatterRows", {}, [[2, 0], { int32: [2] }, { int32: [4] }], [[3, 0]]),
  emptyCase("NormkitGlobalNorm", {}, [[0, 3], [0]], [[]]),
  emptyCase(
    "NormkitAdamW",
    { rate: 0.1, betas: [0.9, 0.9], eps: 1e-8, step: 1, decay: [0] },
    [[0, 3], [0, 3], [0, 3], [0, 3], []],
    [[0, 3], [0, 3], [0, 3]],
  ),
];

for (const name of new Set(cases.map(({ name }) => name))) {
  onEachBackendWith([name], `${name} takes empty tensors`, async () => {
    for (const { inputs, outputs, attributes, value } of cases.filter((own) => own.name === name)) {
      const what = `${name} of ${JSON.stringify(inputs)}`;
      const found = tf.tidy(() =>
        callKernel(
          name,
          inputs.map((input) =>
            "int32" in input ? tf.zeros([...input.int32], "int32") : tf.ones([...input])
          ),
          attributes as Contract[typeof name],
        )
      );
      assertEquals(found.map(({ shape }) => shape), outputs, what);
      const numbers = (await readAll(found)).flatMap((values) => Array.from(values, Math.abs));
      const size = outputs.reduce((total, shape) => total + tf.util.sizeFromShape([...shape]), 0);
      assertEquals(numbers, Array(size).fill(value), what);
      tf.dispose(found);
    }
  });
}
