// What streamed evaluation computes with: matrices of plain float64 numbers (float64.ts) or tensors on tfjs's backend (float32.ts).

import type { ActivationName, Linear, Routing } from "../model/spec.ts";

/** A norm of rows with the numbers of its parameters. */
export interface RowNorm {
  /**
   * `layer`: (x − μ) / √(mean((x − μ)²) + ε). `rms`: x / √(mean(x²) + ε). `crms`: x / √((Σx² + (Σx)²) / (length + 1) + ε).
   * `crms-padded`: the same of all values but the last, which is 0.
   */
  readonly kind: "layer" | "rms" | "crms" | "crms-padded";
  /** ε inside the root, above 0. */
  readonly eps: number;
  /** Multiplies each row; 1 when absent. */
  readonly gain?: Float64Array;
  /** Is added to each row; 0 when absent. */
  readonly bias?: Float64Array;
}

/** Rows and columns of a matrix. */
export type Size = readonly [rows: number, columns: number];

/**
 * Operations on matrices; none changes its arguments. A matrix belongs to the arithmetic that made it: what `scope` hands out
 * frees its matrices when the scope ends, and what a caller makes outside of a scope is the caller's to free.
 */
export interface Arithmetic<T> {
  /** A matrix [rows, columns] of these numbers, row-major; they must not be changed afterwards. */
  matrix(values: Float64Array, rows: number, columns: number): T;
  /** The rows and columns of a matrix. */
  size(x: T): Size;
  /** The numbers of a matrix, row-major. */
  read(x: T): Promise<Float64Array>;
  /** Runs `body` and frees every matrix that it made with `inner`, except one that it returns, which then belongs to `this`. */
  scope<R>(body: (inner: Arithmetic<T>) => Promise<R>): Promise<R>;
  /** Frees a matrix early. */
  free(x: T): void;

  /** x [N, I] times a matrix: x · w for w [I, O] (`in-out`), x · wᵀ for w [O, I] (`out-in`). */
  product(x: T, w: T, layout: Linear["layout"]): T;
  /** x + y, of equal size. */
  add(x: T, y: T): T;
  /** x ⊙ y, of equal size. */
  multiply(x: T, y: T): T;
  /** x with `row` added to each row. */
  addRow(x: T, row: Float64Array): T;
  /** x with each row multiplied by `row`, element by element. */
  multiplyRow(x: T, row: Float64Array): T;
  /** x times a number. */
  scale(x: T, factor: number): T;
  /** x + factor · Σx, with the sum of its row added to each value. */
  addSum(x: T, factor: number): T;
  /** x cut to ± limit. */
  clip(x: T, limit: number): T;
  /** limit · tanh(x / limit). */
  softcap(x: T, limit: number): T;
  /** Each row normalized. */
  norm(x: T, norm: RowNorm): T;
  /** The function of each value. */
  activate(x: T, activation: ActivationName): T;
  /** The softmax of each row. */
  softmax(x: T): T;
  /** The weights of networks of each row, from their scores; 0 for those that are not chosen. */
  route(x: T, routing: Routing): T;
  /** x with each row multiplied by its number in a matrix of one column. */
  multiplyColumn(x: T, column: T): T;

  /** The same numbers in the same order as [rows, columns]. */
  reshape(x: T, rows: number, columns: number): T;
  /** The rows first, …, first + count − 1. */
  rows(x: T, first: number, count: number): T;
  /** The columns first, …, first + count − 1. */
  columns(x: T, first: number, count: number): T;
  /** Matrices of equal width, one below the other. */
  joinRows(parts: readonly T[]): T;
  /** Matrices of equal height, side by side. */
  joinColumns(parts: readonly T[]): T;
}
