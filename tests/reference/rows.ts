/**
 * Rows of float64 numbers: the little linear algebra that the reference formulas share.
 * A matrix is an array of rows, `y = x W` with `W` stored `[in][out]`. Plain loops, no library code.
 *
 * @module
 */

/** One row of numbers. */
export type Row = ArrayLike<number>;

/** A matrix as an array of rows. */
export type Rows = readonly (readonly number[])[];

/** The sum of a row. */
export function sum(row: Row): number {
  return Array.from(row).reduce((total, value) => total + value, 0);
}

/** The mean of a row. */
export function mean(row: Row): number {
  return sum(row) / row.length;
}

/**
 * Combines two rows element by element.
 *
 * @throws {RangeError} If the rows differ in length.
 */
export function zip(a: Row, b: Row, combine: (a: number, b: number) => number): number[] {
  if (a.length !== b.length) {
    throw new RangeError(
      `Cannot combine a row of length ${a.length} with one of length ${b.length}: the lengths must match`,
    );
  }
  return Array.from(a, (value, index) => combine(value, b[index] as number));
}

/** The sum of the products of two rows. */
export function dot(a: Row, b: Row): number {
  return sum(zip(a, b, (u, v) => u * v));
}

/**
 * Combines two matrices row by row.
 *
 * @throws {RangeError} If the matrices differ in their number of rows.
 */
export function zipRows<T>(
  a: Rows,
  b: Rows,
  combine: (a: readonly number[], b: readonly number[]) => T,
): T[] {
  if (a.length !== b.length) {
    throw new RangeError(
      `Cannot combine a matrix of ${a.length} rows with one of ${b.length}: the counts must match`,
    );
  }
  return a.map((row, index) => combine(row, b[index] as readonly number[]));
}

/** The element-wise sum of two matrices. */
export function addRows(a: Rows, b: Rows): number[][] {
  return zipRows(a, b, (u, v) => zip(u, v, (p, q) => p + q));
}

/** A function of one number, applied to every element of a matrix. */
export function mapRows(a: Rows, f: (value: number) => number): number[][] {
  return a.map((row) => row.map(f));
}

/** The matrix with rows and columns exchanged. */
export function transpose(a: Rows): number[][] {
  return (a[0] ?? []).map((_, column) => a.map((row) => row[column] as number));
}

/** The matrix product `a b`. */
export function matmul(a: Rows, b: Rows): number[][] {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
}
