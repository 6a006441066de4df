// Matrices in memory: their numbers, taken apart and put together.

/** A matrix of float64 numbers. */
export interface Matrix {
  /** The number of rows. */
  readonly rows: number;
  /** The number of columns. */
  readonly columns: number;
  /** The numbers, row-major. */
  readonly values: Float64Array;
}

/**
 * Requires a size that fits.
 *
 * @param found What was found.
 * @param expected What it has to be.
 * @param what Names it, up to its verb.
 * @throws {RangeError} If they differ.
 */
export function requireEqual(found: number, expected: number, what: string): void {
  if (found !== expected) {
    throw new RangeError(`Cannot compute: ${what} ${found}, expected ${expected}`);
  }
}

/**
 * Matrices of equal height, side by side.
 *
 * @param parts The matrices.
 * @returns [height, sum of widths]
 * @throws {RangeError} If heights differ.
 */
export function joinColumns(parts: readonly Matrix[]): Matrix {
  const rows = parts[0]?.rows ?? 0;
  const columns = parts.reduce((total, part) => total + part.columns, 0);
  const values = new Float64Array(rows * columns);
  let first = 0;
  for (const part of parts) {
    requireEqual(part.rows, rows, "the height of a part is");
    for (let row = 0; row < rows; row++) {
      const start = row * part.columns;
      values.set(part.values.subarray(start, start + part.columns), row * columns + first);
    }
    first += part.columns;
  }
  return { rows, columns, values };
}

/**
 * Matrices of equal width, one below the other.
 *
 * @param parts The matrices.
 * @returns [sum of heights, width]
 * @throws {RangeError} If widths differ.
 */
export function joinRows(parts: readonly Matrix[]): Matrix {
  const columns = parts[0]?.columns ?? 0;
  const rows = parts.reduce((total, part) => total + part.rows, 0);
  const values = new Float64Array(rows * columns);
  let first = 0;
  for (const part of parts) {
    requireEqual(part.columns, columns, "the width of a part is");
    values.set(part.values, first * columns);
    first += part.rows;
  }
  return { rows, columns, values };
}

/**
 * Numbers as a matrix.
 *
 * @param values The numbers, row-major.
 * @param rows The number of rows.
 * @param columns The number of columns.
 * @returns The matrix, which shares them.
 * @throws {RangeError} If there are more or fewer numbers.
 */
export function matrix(values: Float64Array, rows: number, columns: number): Matrix {
  requireEqual(values.length, rows * columns, "the number of values is");
  return { rows, columns, values };
}

/** Rows or columns that are there. */
function requireInside(first: number, count: number, length: number): void {
  if (first < 0 || count < 0 || first + count > length) {
    throw new RangeError(`Cannot take ${first} to ${first + count - 1} of ${length}`);
  }
}

/**
 * Some columns of a matrix.
 *
 * @param x The matrix.
 * @param first The first column.
 * @param count How many.
 * @returns [rows, count]
 * @throws {RangeError} If they are not inside.
 */
export function columnsOf(x: Matrix, first: number, count: number): Matrix {
  requireInside(first, count, x.columns);
  const values = new Float64Array(x.rows * count);
  for (let row = 0; row < x.rows; row++) {
    const start = row * x.columns + first;
    values.set(x.values.subarray(start, start + count), row * count);
  }
  return { rows: x.rows, columns: count, values };
}

/**
 * Some rows of a matrix, which share its numbers.
 *
 * @param x The matrix.
 * @param first The first row.
 * @param count How many.
 * @returns [count, columns]
 * @throws {RangeError} If they are not inside.
 */
export function rowsOf(x: Matrix, first: number, count: number): Matrix {
  requireInside(first, count, x.rows);
  const values = x.values.subarray(first * x.columns, (first + count) * x.columns);
  return { rows: count, columns: x.columns, values };
}
