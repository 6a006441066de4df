// Bridges between plain numbers and tensors: a test gives numbers, names a function of tensors, and gets numbers back. Nothing
// is left on the backend.

import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../lib/backend/mod.ts";
import type { Tensor } from "../../lib/core/tensor.ts";

/** A tensor as plain numbers. */
export interface Given {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** The tensor of plain numbers; the caller frees it. */
export function tensorOf({ shape, values }: Given): Tensor {
  return tf.tensor(Float32Array.from(values), [...shape], "float32");
}

/** Rows of equal length as a [rows, columns] matrix. */
export function matrixOf(rows: readonly (readonly number[])[]): Given {
  return { shape: [rows.length, rows[0]!.length], values: rows.flat() };
}

/** One row as a [length] vector. */
export function vectorOf(values: ArrayLike<number>): Given {
  return { shape: [values.length], values };
}

/** One number as a scalar. */
export function scalarOf(value: number): Given {
  return { shape: [], values: [value] };
}

/** Runs `f` in a scope of its own, reads the tensors that it returns, and frees everything. */
export async function numbersOf(f: () => readonly Tensor[]): Promise<number[][]> {
  const results = tf.tidy(() => f().map((tensor) => tensor.clone()));
  try {
    return (await readAll(results)).map((values) => Array.from(values));
  } finally {
    tf.dispose(results);
  }
}

/** A function's value and the gradients of Σ dy ⊙ value to each input. */
export interface Pulled {
  readonly value: number[];
  readonly gradients: number[][];
}

/** Value and gradients of a function of tensors. */
export async function pull(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Given[],
  dy: ArrayLike<number>,
): Promise<Pulled> {
  const [value, ...gradients] = await numbersOf(() => {
    const tensors = inputs.map(tensorOf);
    const output = f(...tensors);
    const against = tensorOf({ shape: output.shape, values: dy });
    return [output, ...tf.grads(f)(tensors, against)];
  });
  return { value: value!, gradients };
}
