/**
 * Steps of the tape for which parameters are values like any other: what a whole Pre-LN Transformer
 * needs so that a gradient goes back to every one of its parameters. A row is a matrix of one row.
 *
 * @module
 */
import { maskedSoftmax, maskedSoftmaxGrad } from "./attention.ts";
import {
  addRows,
  mapRows,
  matmul,
  type Row,
  type Rows,
  sum,
  transpose,
  zip,
  zipRows,
} from "./rows.ts";
import type { Node } from "./tape.ts";

const columnSums = (rows: Rows): number[][] => [transpose(rows).map(sum)];

const timesEach = (rows: Rows, row: Row): number[][] =>
  rows.map((values) => zip(values, row, (u, v) => u * v));

const hadamard = (a: Rows, b: Rows): number[][] =>
  zipRows(a, b, (u, v) => zip(u, v, (p, q) => p * q));

const onlyRow = ({ value }: Node): readonly number[] => value[0] as readonly number[];

/** `a b` */
export function product(a: Node, b: Node): Node {
  return {
    value: matmul(a.value, b.value),
    inputs: [a, b],
    pull: (dy) => [matmul(dy, transpose(b.value)), matmul(transpose(a.value), dy)],
  };
}

/** `aᵀ` */
export function transposed(a: Node): Node {
  return { value: transpose(a.value), inputs: [a], pull: (dy) => [transpose(dy)] };
}

/** A row added to every row. */
export function addRow(x: Node, row: Node): Node {
  return {
    value: x.value.map((values) => zip(values, onlyRow(row), (u, v) => u + v)),
    inputs: [x, row],
    pull: (dy) => [dy, columnSums(dy)],
  };
}

/** Every row multiplied by a row, element by element: `x diag(row)`. */
export function timesRow(x: Node, row: Node): Node {
  return {
    value: timesEach(x.value, onlyRow(row)),
    inputs: [x, row],
    pull: (dy) => [timesEach(dy, onlyRow(row)), columnSums(hadamard(dy, x.value))],
  };
}

/** `x ⊙ mask` for a constant mask. */
export function masked(x: Node, mask: Rows): Node {
  return { value: hadamard(x.value, mask), inputs: [x], pull: (dy) => [hadamard(dy, mask)] };
}

/** `max(x, 0)`, element by element. */
export function relu(x: Node): Node {
  const slope = mapRows(x.value, (value) => value > 0 ? 1 : 0);
  return { value: hadamard(x.value, slope), inputs: [x], pull: (dy) => [hadamard(dy, slope)] };
}

/** The rows of a table at the places `ids`. */
export function rowsAt(table: Node, ids: readonly number[]): Node {
  return {
    value: ids.map((id) => table.value[id] as readonly number[]),
    inputs: [table],
    pull: (dy) => [
      table.value.map((zeros, row) =>
        ids.reduce(
          (total, id, at) =>
            id === row ? addRows([total], [dy[at] as readonly number[]]).flat() : total,
          zeros.map(() => 0),
        )
      ),
    ],
  };
}

/** The softmax of each query's scaled scores over the keys up to its own. */
export function causalPattern(scores: Node, scale: number): Node {
  const value = scores.value.map((row, query) => maskedSoftmax(row, query + 1, scale));
  return {
    value,
    inputs: [scores],
    pull: (dy) => [zipRows(value, dy, (pattern, d) => maskedSoftmaxGrad(pattern, d, scale))],
  };
}
