// The arithmetic in float32: tensors on tfjs's backend in use, through the library's operations and their kernels.

import * as tf from "@tensorflow/tfjs";
import { readAll } from "../backend/read.ts";
import type { Tensor } from "../core/tensor.ts";
import { matMul } from "../ops/mat_mul.ts";
import type { Arithmetic, RowNorm, Size } from "./arithmetic.ts";
import { route } from "./route.ts";
import { activationFunctions, normFunctions } from "./tensor_functions.ts";

const sizeOf = (x: Tensor): Size => x.shape as [number, number];

/** A vector on the backend. */
const vector = (values: Float64Array): Tensor => tf.tensor1d(new Float32Array(values));

function normed(x: Tensor, { kind, eps, gain, bias }: RowNorm): Tensor {
  return normFunctions[kind](x, {
    eps,
    ...(gain === undefined ? {} : { gain: vector(gain) }),
    ...(bias === undefined ? {} : { bias: vector(bias) }),
  });
}

/** The arithmetic whose matrices are noted in `owned`, where there is one. */
function owning(owned: Set<Tensor> | undefined): Arithmetic<Tensor> {
  /** Computes one matrix and frees whatever else is made on the way. */
  const made = (compute: () => Tensor): Tensor => {
    const result = tf.tidy(compute);
    owned?.add(result);
    return result;
  };
  return {
    matrix: (values, rows, columns) =>
      made(() => tf.tensor2d(new Float32Array(values), [rows, columns])),
    size: sizeOf,
    read: async (x) => Float64Array.from((await readAll([x]))[0]!),
    scope: async (body) => {
      const inner = new Set<Tensor>();
      try {
        const result = await body(owning(inner));
        if (result instanceof tf.Tensor && inner.delete(result)) owned?.add(result);
        return result;
      } finally {
        for (const tensor of inner) tensor.dispose();
      }
    },
    free: (x) => {
      owned?.delete(x);
      x.dispose();
    },

    product: (x, w, layout) =>
      made(() => layout === "in-out" ? matMul(x, w) : tf.matMul(x, w, false, true)),
    add: (x, y) => made(() => tf.add(x, y)),
    multiply: (x, y) => made(() => tf.mul(x, y)),
    addRow: (x, row) => made(() => tf.add(x, vector(row))),
    multiplyRow: (x, row) => made(() => tf.mul(x, vector(row))),
    scale: (x, factor) => made(() => tf.mul(x, factor)),
    addSum: (x, factor) => made(() => tf.add(x, tf.mul(tf.sum(x, -1, true), factor))),
    clip: (x, limit) => made(() => tf.clipByValue(x, -limit, limit)),
    softcap: (x, limit) => made(() => tf.mul(limit, tf.tanh(tf.div(x, limit)))),
    norm: (x, norm) => made(() => normed(x, norm)),
    activate: (x, activation) => made(() => activationFunctions[activation](x)),
    softmax: (x) => made(() => tf.softmax(x)),
    route: (x, routing) => made(() => route(x, routing)),
    multiplyColumn: (x, column) => made(() => tf.mul(x, column)),

    reshape: (x, rows, columns) => made(() => tf.reshape(x, [rows, columns])),
    rows: (x, first, count) => made(() => tf.slice(x, [first, 0], [count, sizeOf(x)[1]])),
    columns: (x, first, count) => made(() => tf.slice(x, [0, first], [sizeOf(x)[0], count])),
    joinRows: (parts) => made(() => tf.concat([...parts], 0)),
    joinColumns: (parts) => made(() => tf.concat([...parts], 1)),
  };
}

/**
 * Arithmetic in float32 on tfjs's backend in use.
 *
 * @returns The arithmetic; its matrices are tensors of rank 2.
 */
export function float32(): Arithmetic<Tensor> {
  return owning(undefined);
}
