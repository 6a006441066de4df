// Matrices that are computed by rows when they are read, and what conversions do to them along the axis that meets the stream:
// the rows or the columns. Nothing is held but what is being read.

import { oneAhead } from "../core/one_ahead.ts";
import { rowsOf, type TensorSource } from "../checkpoint/tensors.ts";

/** A matrix that is computed when it is read. */
export interface LazyMatrix {
  readonly rows: number;
  readonly width: number;
  /** The numbers of some rows, one row after the other; the caller may change them. */
  read(first: number, count: number): Promise<Float64Array>;
}

/** The axis of a matrix that meets the stream. */
export type StreamAxis = "rows" | "columns";

/** Numbers that are read at once, 8 bytes each: as many as stay in a core's cache from one step to the next. */
const atOnce = 1 << 17;

async function* inPieces({ rows, width, read }: LazyMatrix): AsyncGenerator<Float64Array> {
  const most = Math.max(1, Math.floor(atOnce / Math.max(1, width)));
  for (let first = 0; first < rows; first += most) {
    yield await read(first, Math.min(most, rows - first));
  }
}

/** The rows of a matrix in order, some at a time; the next are read while some are used. */
export const rowsInOrder = (matrix: LazyMatrix): AsyncIterable<Float64Array> =>
  oneAhead(inPieces(matrix));

/** Goes through the rows of a matrix in order. */
async function forEachRow(
  matrix: LazyMatrix,
  visit: (row: Float64Array, at: number) => void,
): Promise<void> {
  const { width } = matrix;
  let at = 0;
  for await (const numbers of rowsInOrder(matrix)) {
    for (let start = 0; start < numbers.length; start += width) {
      visit(numbers.subarray(start, start + width), at++);
    }
  }
}

/** A value that is computed at its first use, once. */
function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  return () => value ??= compute();
}

/**
 * A tensor as a matrix whose rows have a given width; the rows of the tensor must consist of such, or be one with it.
 *
 * @param source Where the tensor is.
 * @param name Its name.
 * @param width The width; the last axes together by default.
 * @returns The matrix.
 * @throws {RangeError} If the tensor's size is no multiple of the width.
 */
export function matrixOf(source: TensorSource, name: string, width?: number): LazyMatrix {
  const { shape } = source.info(name);
  const stored = rowsOf(shape);
  const wide = width ?? stored.width;
  const parts = stored.width / wide;
  if (!Number.isInteger(parts)) {
    throw new RangeError(
      `Cannot read ${name} [${
        shape.join(", ")
      }] in rows of ${wide}: its rows have ${stored.width} numbers`,
    );
  }
  return {
    rows: stored.rows * parts,
    width: wide,
    read: async (first, count) => {
      const start = Math.floor(first / parts);
      const end = Math.ceil((first + count) / parts);
      const numbers = await source.rows(name, start, end - start);
      const from = (first - start * parts) * wide;
      return from === 0 && numbers.length === count * wide
        ? numbers
        : numbers.slice(from, from + count * wide);
    },
  };
}

/**
 * A matrix of numbers at hand, such as a vector as one row.
 *
 * @param values The numbers, row-major.
 * @param width Numbers in a row; all by default.
 * @returns The matrix.
 */
export function matrixFrom(values: Float64Array, width: number = values.length): LazyMatrix {
  return {
    rows: width === 0 ? 0 : values.length / width,
    width,
    read: (first, count) => Promise.resolve(values.slice(first * width, (first + count) * width)),
  };
}

/** All numbers of a matrix. */
export async function readMatrix(matrix: LazyMatrix): Promise<Float64Array> {
  return await matrix.read(0, matrix.rows);
}

/** A matrix of the same size, each row changed in place by a function of it and its place. */
function mapped(
  matrix: LazyMatrix,
  prepare: () => Promise<(row: Float64Array, at: number) => void>,
): LazyMatrix {
  const change = once(prepare);
  return {
    ...matrix,
    read: async (first, count) => {
      const changeRow = await change();
      const numbers = await matrix.read(first, count);
      for (let row = 0; row < count; row++) {
        changeRow(numbers.subarray(row * matrix.width, (row + 1) * matrix.width), first + row);
      }
      return numbers;
    },
  };
}

/** Multiplies all numbers of a row. */
function times(row: Float64Array, factor: number): void {
  for (let i = 0; i < row.length; i++) row[i]! *= factor;
}

/**
 * Multiplies each slice along the stream by its number: γ into a reading matrix, LayerScale's λ into a writing one.
 *
 * @param matrix The matrix.
 * @param axis Its stream axis.
 * @param factors Gives one number for each place of the stream.
 */
export function scaleAlong(
  matrix: LazyMatrix,
  axis: StreamAxis,
  factors: () => Promise<Float64Array>,
): LazyMatrix {
  return mapped(matrix, async () => {
    const by = await factors();
    if (axis === "rows") return (row, at) => times(row, by[at]!);
    return (row) => {
      for (let i = 0; i < row.length; i++) row[i]! *= by[i]!;
    };
  });
}

/** Rows for columns; the whole matrix is held from the first row that is read to the last one. */
export function transpose(matrix: LazyMatrix): LazyMatrix {
  const { rows, width } = matrix;
  const turn = async (): Promise<Float64Array> => {
    const numbers = await readMatrix(matrix);
    return Float64Array.from(
      numbers,
      (_, at) => numbers[(at % rows) * width + Math.floor(at / rows)]!,
    );
  };
  let turned: Promise<Float64Array> | undefined;
  return {
    rows: width,
    width: rows,
    read: async (first, count) => {
      const all = await (turned ??= turn());
      if (first + count === width) turned = undefined;
      return all.slice(first * rows, (first + count) * rows);
    },
  };
}

/** Multiplies every number. */
export function scaleAll(matrix: LazyMatrix, factor: number): LazyMatrix {
  return mapped(matrix, () => Promise.resolve((row) => times(row, factor)));
}

/** The sum over all rows. */
async function columnSums(matrix: LazyMatrix): Promise<Float64Array> {
  const sums = new Float64Array(matrix.width);
  await forEachRow(matrix, (row) => addTimes(sums, row, 1));
  return sums;
}

/** A matrix of the same height, each row made of one row. */
function eachRow(
  matrix: LazyMatrix,
  width: number,
  make: (from: Float64Array, to: Float64Array) => void,
): LazyMatrix {
  return {
    rows: matrix.rows,
    width,
    read: async (first, count) => {
      const numbers = await matrix.read(first, count);
      const made = width > matrix.width ? new Float64Array(count * width) : numbers; // in place
      for (let row = 0; row < count; row++) {
        make(
          numbers.subarray(row * matrix.width, (row + 1) * matrix.width),
          made.subarray(row * width, (row + 1) * width),
        );
      }
      return made.subarray(0, count * width);
    },
  };
}

/** Σ a b in four partial sums, which a processor adds side by side. */
function dot(a: Float64Array, b: Float64Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let at = 0;
  for (; at + 3 < a.length; at += 4) {
    first += a[at]! * b[at]!;
    second += a[at + 1]! * b[at + 1]!;
    third += a[at + 2]! * b[at + 2]!;
    fourth += a[at + 3]! * b[at + 3]!;
  }
  for (; at < a.length; at++) first += a[at]! * b[at]!;
  return first + second + third + fourth;
}

/** Σ a in four partial sums. */
function sum(a: Float64Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let at = 0;
  for (; at + 3 < a.length; at += 4) {
    first += a[at]!;
    second += a[at + 1]!;
    third += a[at + 2]!;
    fourth += a[at + 3]!;
  }
  for (; at < a.length; at++) first += a[at]!;
  return first + second + third + fourth;
}

/** Adds a multiple of a row to another. */
function addTimes(to: Float64Array, row: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += row[i]! * factor;
}

/** Subtracts the mean of a row from it. */
function subtractMean(row: Float64Array): void {
  const mean = sum(row) / row.length;
  for (let i = 0; i < row.length; i++) row[i]! -= mean;
}

/** Subtracts the mean along the stream: what is written has mean 0 then (Jiang et al. 2023, §3.1). */
export function centerAlong(matrix: LazyMatrix, axis: StreamAxis): LazyMatrix {
  return mapped(matrix, async () => {
    if (axis === "columns") return subtractMean;
    const means = (await columnSums(matrix)).map((total) => total / matrix.rows);
    return (row) => subtract(row, means);
  });
}

/** Adds its number to a whole slice along the stream: for each output of a reading matrix one. */
export function addAlong(
  matrix: LazyMatrix,
  axis: StreamAxis,
  addends: () => Promise<Float64Array>,
): LazyMatrix {
  return mapped(matrix, async () => {
    const numbers = await addends();
    return (row, at) => {
      for (let i = 0; i < row.length; i++) row[i]! += numbers[axis === "columns" ? at : i]!;
    };
  });
}

/** Subtracts a row from another. */
function subtract(row: Float64Array, other: Float64Array): void {
  for (let i = 0; i < row.length; i++) row[i]! -= other[i]!;
}

/** Leaves out the last place of the stream. */
export function dropLast(matrix: LazyMatrix, axis: StreamAxis): LazyMatrix {
  if (axis === "rows") return { ...matrix, rows: matrix.rows - 1 };
  return eachRow(matrix, matrix.width - 1, (from, to) => to.set(from.subarray(0, -1)));
}

/** Subtracts the last slice from the others and leaves it out: a reading matrix for d − 1 values (Jiang et al. 2023, §3.2). */
export function subtractLast(matrix: LazyMatrix, axis: StreamAxis): LazyMatrix {
  if (axis === "columns") {
    return eachRow(matrix, matrix.width - 1, (from, to) => {
      const last = from[to.length]!;
      for (let i = 0; i < to.length; i++) to[i] = from[i]! - last;
    });
  }
  return dropLast(
    mapped(matrix, async () => {
      const last = await matrix.read(matrix.rows - 1, 1);
      return (row) => subtract(row, last);
    }),
    "rows",
  );
}

/** A matrix with one more row, which is computed when it is read. */
function withLastRow(matrix: LazyMatrix, last: () => Promise<Float64Array>): LazyMatrix {
  return {
    rows: matrix.rows + 1,
    width: matrix.width,
    read: async (first, count) => {
      const own = Math.max(0, Math.min(count, matrix.rows - first));
      const numbers = new Float64Array(count * matrix.width);
      if (own > 0) numbers.set(await matrix.read(first, own));
      if (own < count) numbers.set(await last(), own * matrix.width);
      return numbers;
    },
  };
}

/** Appends a slice of zeros: the inverse of `subtractLast`, up to a constant that zero-mean readers do not see. */
export function appendZero(matrix: LazyMatrix, axis: StreamAxis): LazyMatrix {
  return axis === "rows"
    ? withLastRow(matrix, () => Promise.resolve(new Float64Array(matrix.width)))
    : eachRow(matrix, matrix.width + 1, (from, to) => to.set(from));
}

/** Appends what makes the sum along the stream 0: the inverse of `dropLast` for a centered matrix. */
export function appendBalance(matrix: LazyMatrix, axis: StreamAxis): LazyMatrix {
  if (axis === "columns") {
    return eachRow(matrix, matrix.width + 1, (from, to) => {
      to.set(from);
      to[from.length] = -sum(from);
    });
  }
  return withLastRow(matrix, once(async () => (await columnSums(matrix)).map((value) => -value)));
}

/** Σ over the stream of a slice times its number: W β, which a norm's bias adds to what its readers give. */
export async function contract(
  matrix: LazyMatrix,
  axis: StreamAxis,
  factors: Float64Array,
): Promise<Float64Array> {
  const totals = new Float64Array(axis === "rows" ? matrix.width : matrix.rows);
  await forEachRow(matrix, (row, at) => {
    if (axis === "rows") addTimes(totals, row, factors[at]!);
    else totals[at] = dot(row, factors);
  });
  return totals;
}
