// Edits of a model's weights along the axis of each that meets the residual stream, laid over the tensors of the checkpoint.

import type { TensorSource } from "../checkpoint/tensors.ts";
import type { Linear } from "../model/spec.ts";
import { type LazyMatrix, matrixOf, type StreamAxis } from "./lazy_matrix.ts";
import { Overlay } from "./overlay.ts";
import { readingAxis, writingAxis } from "./readers_and_writers.ts";

/** What is done to a matrix along an axis. */
export type Change = (matrix: LazyMatrix, axis: StreamAxis) => LazyMatrix;

/** The width of a stream, and what it becomes. */
export interface Widths {
  readonly from: number;
  readonly to: number;
}

/**
 * The shape of a tensor whose stream axis is longer or shorter now; a row may hold several vectors of the stream, and a kernel of one
 * place has axes of length 1 behind it.
 */
function reshaped(shape: readonly number[], axis: StreamAxis, { from, to }: Widths): number[] {
  if (axis === "rows") return [shape[0]! + to - from, ...shape.slice(1)];
  const stream = shape.findLastIndex((length) => length % from === 0);
  return shape.with(stream, shape[stream]! / from * to);
}

/** Changes tensors; each is changed once, from what it was at the start. */
export class WeightEdits {
  /** What was there at the start. */
  readonly before: TensorSource;
  /** What is there now. */
  readonly tensors: Overlay;

  /**
   * Starts with tensors as they are.
   *
   * @param before The tensors.
   */
  constructor(before: TensorSource) {
    this.before = before;
    this.tensors = new Overlay(before);
  }

  #change(name: string, axis: StreamAxis, widths: Widths, change: Change): void {
    if (!this.before.has(name)) return;
    const { shape, dtype } = this.before.info(name);
    const matrix = matrixOf(this.before, name, axis === "columns" ? widths.from : undefined);
    this.tensors.set(name, reshaped(shape, axis, widths), dtype, change(matrix, axis));
  }

  /** Changes a matrix that reads a stream; its bias stays. */
  reader(linear: Linear, widths: Widths, change: Change): void {
    this.#change(linear.weight, readingAxis(linear), widths, change);
  }

  /** Changes a matrix that writes to a stream, and its bias. */
  writer(linear: Linear, widths: Widths, change: Change): void {
    this.#change(linear.weight, writingAxis(linear), widths, change);
    this.#change(linear.bias, "columns", widths, change);
  }

  /** Changes vectors of a stream. */
  table(name: string, widths: Widths, change: Change): void {
    this.#change(name, "columns", widths, change);
  }
}
