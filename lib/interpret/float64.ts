// The arithmetic in float64: plain arrays, one thread, no tfjs. What other arithmetic is measured by.

import type { Routing } from "../model/spec.ts";
import type { Arithmetic, RowNorm } from "./arithmetic.ts";
import { activations } from "./float64_activations.ts";
import {
  columnsOf,
  joinColumns,
  joinRows,
  type Matrix,
  matrix,
  requireEqual,
  rowsOf,
} from "./float64_matrix.ts";
import { multiply } from "./float64_product.ts";

export type { Matrix } from "./float64_matrix.ts";

const sizeText = ({ rows, columns }: Matrix): string => `[${rows}, ${columns}]`;

/** f of each value and of its counterpart in y. */
function zip(x: Matrix, y: Matrix, f: (a: number, b: number) => number): Matrix {
  if (x.rows !== y.rows || x.columns !== y.columns) {
    throw new RangeError(
      `Cannot combine matrices of size ${sizeText(x)} and ${sizeText(y)}: they must be equal`,
    );
  }
  return { ...x, values: x.values.map((value, at) => f(value, y.values[at]!)) };
}

/** f of each value and of the number of its column. */
function zipRow(x: Matrix, row: Float64Array, f: (a: number, b: number) => number): Matrix {
  requireEqual(row.length, x.columns, "the length of a row is");
  return eachRow(x, (values) => values.map((value, at) => f(value, row[at]!)));
}

/** f of each row. */
function eachRow(x: Matrix, f: (row: Float64Array) => Float64Array): Matrix {
  const values = new Float64Array(x.values.length);
  for (let start = 0; start < values.length; start += x.columns) {
    values.set(f(x.values.subarray(start, start + x.columns)), start);
  }
  return { ...x, values };
}

function sum(row: Float64Array): number {
  let total = 0;
  for (let at = 0; at < row.length; at++) total += row[at]!;
  return total;
}

function sumOfSquares(row: Float64Array): number {
  let total = 0;
  for (let at = 0; at < row.length; at++) total += row[at]! * row[at]!;
  return total;
}

const normalize: Readonly<
  Record<RowNorm["kind"], (row: Float64Array, eps: number) => Float64Array>
> = {
  "layer": (row, eps) => {
    const mean = sum(row) / row.length;
    return normalize.rms(row.map((value) => value - mean), eps);
  },
  "rms": (row, eps) => {
    const root = Math.sqrt(sumOfSquares(row) / row.length + eps);
    return row.map((value) => value / root);
  },
  "crms": (row, eps) => {
    const root = Math.sqrt((sumOfSquares(row) + sum(row) ** 2) / (row.length + 1) + eps);
    return row.map((value) => value / root);
  },
  "crms-padded": (row, eps) => {
    const padded = new Float64Array(row.length);
    padded.set(normalize.crms(row.subarray(0, -1), eps));
    return padded;
  },
};

function softmax(row: Float64Array): Float64Array {
  const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
  const weights = row.map((value) => Math.exp(value - largest));
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}

/** SparseMixer's weights of a row of scores, of one choice after the other. */
function mixedSparsely(scores: Float64Array, top: number, within: number): Float64Array {
  const weights = new Float64Array(scores.length);
  const left = scores.slice();
  for (let turn = 0; turn < top; turn++) {
    const most = left.reduce((one, other) => Math.max(one, other));
    const at = left.indexOf(most);
    const isFar = (score: number): boolean =>
      (most - score) / Math.max(Math.abs(score), most) > 2 * within;
    weights[at] = softmax(left.map((score) => isFar(score) ? -Infinity : score))[at]!;
    left[at] = -Infinity;
  }
  return weights;
}

/** The weights of networks, from a row of their scores. */
function routed(scores: Float64Array, { top, among }: Routing): Float64Array {
  if (typeof among === "number") return mixedSparsely(scores, top, among);
  const isChosen = (score: number): boolean => scores.filter((other) => other > score).length < top;
  if (among === "all") {
    return softmax(scores).map((weight, at) => isChosen(scores[at]!) ? weight : 0);
  }
  return softmax(scores.map((score) => isChosen(score) ? score : -Infinity));
}

function product(x: Matrix, w: Matrix, transposed: boolean): Matrix {
  const [depth, columns] = transposed ? [w.columns, w.rows] : [w.rows, w.columns];
  requireEqual(depth, x.columns, "the depth of a matrix is");
  const size = { rows: x.rows, depth, columns };
  return { rows: x.rows, columns, values: multiply(x.values, w.values, size, transposed) };
}

/** Arithmetic in float64. Matrices are freed by the garbage collector, so that `scope` and `free` have nothing to do. */
export const float64: Arithmetic<Matrix> = {
  matrix,
  size: ({ rows, columns }) => [rows, columns],
  read: (x) => Promise.resolve(x.values.slice()),
  scope: (body) => body(float64),
  free: () => {},

  product: (x, w, layout) => product(x, w, layout === "out-in"),
  add: (x, y) => zip(x, y, (a, b) => a + b),
  multiply: (x, y) => zip(x, y, (a, b) => a * b),
  addRow: (x, row) => zipRow(x, row, (a, b) => a + b),
  multiplyRow: (x, row) => zipRow(x, row, (a, b) => a * b),
  scale: (x, factor) => ({ ...x, values: x.values.map((value) => value * factor) }),
  addSum: (x, factor) =>
    eachRow(x, (row) => {
      const shift = factor * sum(row);
      return row.map((value) => value + shift);
    }),
  clip: (x, limit) => ({
    ...x,
    values: x.values.map((value) => Math.min(limit, Math.max(-limit, value))),
  }),
  softcap: (x, limit) => ({
    ...x,
    values: x.values.map((value) => limit * Math.tanh(value / limit)),
  }),
  norm: (x, { kind, eps, gain, bias }) => {
    const n = eachRow(x, (row) => normalize[kind](row, eps));
    const scaled = gain === undefined ? n : float64.multiplyRow(n, gain);
    return bias === undefined ? scaled : float64.addRow(scaled, bias);
  },
  activate: (x, activation) => ({ ...x, values: x.values.map(activations[activation]) }),
  softmax: (x) => eachRow(x, softmax),
  route: (x, routing) => eachRow(x, (row) => routed(row, routing)),
  multiplyColumn: (x, column) => ({
    ...x,
    values: x.values.map((value, at) => value * column.values[Math.floor(at / x.columns)]!),
  }),

  reshape: (x, rows, columns) => matrix(x.values, rows, columns),
  rows: rowsOf,
  columns: columnsOf,
  joinRows,
  joinColumns,
};
