// Every public operation on tensors with example arguments: for tests of what all operations have in common. The tables are typed
// by the modules' exports, so that an operation that is missing here does not compile.

import * as tf from "@tensorflow/tfjs";
import { Random } from "../../lib/core/mod.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import * as ops from "../../lib/ops/mod.ts";

/** The lengths of an operation's arguments, by name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** An operation with what it takes. */
export interface Operation {
  /** The shapes of the arguments that are tensors. */
  readonly shapes: Shapes;
  /** Shapes with an axis of length 0; the result has no element, or is a sum without a term. */
  readonly empty: readonly Shapes[];
  /** Calls it. */
  call(tensors: Readonly<Record<string, Tensor>>): Tensor;
  /** Whether its gradient is by definition another one than that of its value. */
  readonly straight?: true;
}

/** An operation of one tensor, number by number. */
const elementwise = (f: (x: Tensor) => Tensor): Operation => ({
  shapes: { x: [3, 4] },
  empty: [{ x: [0, 3] }, { x: [2, 0] }],
  call: ({ x }) => f(x!),
});

const normed = (f: typeof ops.layerNorm): Operation => ({
  shapes: { x: [3, 4], gain: [4], bias: [4] },
  empty: [{ x: [0, 4], gain: [4], bias: [4] }, { x: [2, 0, 5], gain: [5], bias: [5] }],
  call: ({ x, ...parameters }) => f(x!, parameters),
});

const both = ({ sum, normed }: ops.AddNorm): Tensor => tf.add(sum, normed);

/** The operations of lib/ops by export; an export that is a record has one for each entry. */
export const operations: Readonly<
  Record<
    Exclude<keyof typeof ops, "fromHalf" | "halfNorm" | "halfNormGradient" | "toHalf">,
    readonly Operation[]
  >
> = {
  addGpas: (["sum", "shortcut"] as const).map((on) => ({
    shapes: { x: [3, 4], branch: [3, 4], gate: [] },
    empty: [{ x: [0, 4], branch: [0, 4], gate: [] }],
    call: ({ x, branch, gate }) => ops.addGpas(x!, branch!, gate!, { on, alpha: 1.5 }),
    straight: true,
  })),
  addNorm: (["layer", "rms", "crms", "crms-padded"] as const).map((kind) => ({
    shapes: { x: [3, 4], branch: [3, 4], gain: [4], bias: [4] },
    empty: [{ x: [0, 4], branch: [0, 4], gain: [4], bias: [4] }],
    call: ({ x, branch, gain, bias }) =>
      both(ops.addNorm(x!, branch!, { kind, alpha: 1.5, gain: gain!, bias: bias! })),
  })),
  attention: [{}, { causal: true }, { window: 2, keyLengths: [4, 2] }].map((options) => ({
    shapes: { q: [2, 3, 4, 5], k: [2, 4, 2, 5], v: [2, 4, 2, 5] },
    empty: [
      { q: [2, 0, 4, 5], k: [2, 4, 2, 5], v: [2, 4, 2, 5] },
      { q: [2, 3, 4, 0], k: [2, 4, 2, 0], v: [2, 4, 2, 0] },
      { q: [2, 0, 0, 5], k: [2, 4, 0, 5], v: [2, 4, 0, 5] },
    ],
    call: ({ q, k, v }) => ops.attention(q!, k!, v!, options),
  })),
  causalSoftmax: [{
    shapes: { scores: [2, 3, 4] },
    empty: [{ scores: [0, 2, 3] }, { scores: [2, 0, 3] }, { scores: [2, 0, 0] }],
    call: ({ scores }) => ops.causalSoftmax(scores!, 0.5),
  }],
  crmsNorm: (["compressed", "padded"] as const).map((layout) =>
    normed((x, options) => ops.crmsNorm(x, { ...options, layout }))
  ),
  crossEntropy: [{
    shapes: { logits: [3, 4] },
    empty: [], // a mean over nothing is refused
    call: ({ logits }) => ops.crossEntropy(logits!, Int32Array.of(1, 0, 3)),
  }, {
    shapes: { logits: [3, 4] },
    empty: [],
    call: ({ logits }) =>
      ops.crossEntropy(logits!, Int32Array.of(1, -1, 3), { ignore: -1, smoothing: 0.2 }),
  }],
  ctcLoss: [{
    shapes: { logits: [2, 4, 3] },
    empty: [],
    call: ({ logits }) => ops.ctcLoss(logits!, [[1, 1], [2]], { lengths: [4, 3] }),
  }],
  dropout: [elementwise((x) => ops.dropout(x, 0.5, new Random(1)))],
  gateActivations: Object.values(ops.gateActivations).map((f) =>
    elementwise((x) => tf.tidy(() => tf.clone(f(x)))) // the identity gives x itself
  ),
  gelu: (["none", "tanh"] as const).map((approximation) =>
    elementwise((x) => ops.gelu(x, { approximation }))
  ),
  gpas: [{
    shapes: { x: [3, 4], gate: [] },
    empty: [{ x: [0, 3], gate: [] }, { x: [0], gate: [] }],
    call: ({ x, gate }) => ops.gpas(x!, gate!),
    straight: true,
  }],
  layerNorm: [normed(ops.layerNorm)],
  lookup: [{
    shapes: { table: [5, 4] },
    empty: [{ table: [5, 0] }],
    call: ({ table }) => ops.lookup(table!, Int32Array.of(1, 0, 1)),
  }, {
    shapes: { table: [1, 4] },
    empty: [{ table: [1, 0] }],
    call: ({ table }) => ops.lookup(table!, Int32Array.of(0, 0)),
  }, {
    shapes: { table: [1, 4] },
    empty: [{ table: [3, 4] }, { table: [0, 4] }],
    // what is looked up is nothing where that is the case in question
    call: ({ table }) => ops.lookup(table!, new Int32Array(table!.shape[0] === 1 ? 1 : 0)),
  }],
  matMul: [{
    shapes: { x: [3, 4], w: [4, 5], bias: [5] },
    empty: [
      { x: [0, 4], w: [4, 5], bias: [5] },
      { x: [3, 0], w: [0, 5], bias: [5] },
      { x: [3, 4], w: [4, 0], bias: [0] },
      { x: [2, 0, 4], w: [4, 5], bias: [5] },
    ],
    call: ({ x, w, bias }) => ops.matMul(x!, w!, bias),
  }, {
    shapes: { x: [2, 3, 4], w: [4, 5] },
    empty: [{ x: [2, 0], w: [0, 5] }],
    call: ({ x, w }) => ops.matMul(x!, w!),
  }],
  rmsNorm: [normed(ops.rmsNorm)],
  rotary: [{
    shapes: { x: [2, 3, 4] },
    empty: [{ x: [0, 3, 4] }, { x: [2, 0, 4] }, { x: [2, 3, 0] }],
    call: ({ x }) => ops.rotary(x!),
  }, {
    shapes: { x: [2, 3, 8] },
    empty: [{ x: [0, 3, 8] }, { x: [2, 3, 0] }],
    call: ({ x }) => ops.rotary(x!, { heads: 2, order: "pairs" }),
  }],
  silu: [elementwise(ops.silu)],
  stopGradient: [{
    ...elementwise((x) => tf.mul(x, ops.stopGradient(x))),
    straight: true,
  }],
};
