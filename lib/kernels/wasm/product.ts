// Matrix products between addresses: the working memory, and how the threads share the work.

import type { Runtime } from "./runtime.ts";

/** A matrix in memory as a factor: where it is, and whether it is used transposed. */
export interface Factor {
  /** The address of the first number. */
  readonly address: number;
  /** Whether the matrix is stored transposed. */
  readonly transposed: boolean;
  /** Floats from one matrix of a batch to the next; 0 where all products use the same. */
  readonly stride?: number;
}

/** C = op(A) · op(B) + bias. */
export interface Product {
  readonly a: Factor;
  readonly b: Factor;
  /** Address of C; matrices of a batch follow each other. */
  readonly c: number;
  /** Rows of op(A). */
  readonly rows: number;
  /** Columns of op(B). */
  readonly columns: number;
  /** Columns of op(A), which are the rows of op(B). */
  readonly depth: number;
  /** Address of the vector added to each row, or 0. */
  readonly bias?: number;
  /** Number of products; 1 when absent. */
  readonly batch?: number;
}

/** Rows and columns of a tile in source/tile.ts. */
const tileRows = 6;
const tileColumns = 8;

/** Bytes of working memory for packed rows, as in source/product.ts. */
const rowBytes = 256 + 96 * 256 * 4;

/** Multiplications that are worth waking a thread for. */
const worthThread = 200_000;

/** Numbers to pack that are worth waking a thread for. */
const worthPacking = 16_384;

/** The strides of a factor in bytes: from one row of op(A) or column of op(B) to the next, and from one k to the next. */
function strides({ transposed }: Factor, depth: number, other: number): [number, number] {
  return transposed ? [4, other * 4] : [depth * 4, 4];
}

/** One product, its rows over the threads; op(B) is packed first, once for all of them. */
function multiplyOne(runtime: Runtime, product: Product): void {
  const { a, b, c, rows, columns, depth, bias = 0 } = product;
  const panels = Math.ceil(columns / tileColumns);
  const packedBytes = panels * tileColumns * depth * 4;
  const packed = runtime.scratch(packedBytes + runtime.threads * rowBytes);
  // the columns of op(B) are the rows of its transpose
  const bStrides = strides({ ...b, transposed: !b.transposed }, depth, columns);
  const packing = Math.ceil(worthPacking / (tileColumns * depth));
  runtime.split(
    "packPanels",
    panels,
    packing,
    (first, count) => [b.address, ...bStrides, columns, depth, packed, first, count],
  );
  const aStrides = strides(a, depth, rows);
  const grain = Math.ceil(worthThread / (tileRows * columns * depth));
  runtime.split(
    "multiplyPacked",
    Math.ceil(rows / tileRows),
    grain,
    (first, count, thread) => {
      const scratch = packed + packedBytes + thread * rowBytes;
      const row = first * tileRows;
      const end = Math.min(rows, row + count * tileRows);
      return [a.address, ...aStrides, packed, c, columns, depth, bias, scratch, row, end - row];
    },
  );
}

/** Most rows of a product whose B is not packed, as in source/few_rows.ts. */
const fewRows = 8;

/** One product with a few rows, its columns over the threads. */
function multiplyFew(runtime: Runtime, product: Product): void {
  const { a, b, c, rows, columns, depth, bias = 0 } = product;
  const aArguments = [a.address, ...strides(a, depth, rows)];
  const bArguments = [b.address, ...strides({ ...b, transposed: !b.transposed }, depth, columns)];
  const together = 32;
  runtime.split(
    "multiplyFew",
    Math.ceil(columns / together),
    Math.ceil(worthThread / (together * rows * depth)),
    (first, count) => {
      const column = first * together;
      const end = Math.min(columns, column + count * together);
      const sizes = [rows, columns, depth];
      return [...aArguments, ...bArguments, c, ...sizes, bias, column, end - column];
    },
  );
}

/** Many products, each done by one thread. */
function multiplyBatch(runtime: Runtime, product: Product, batch: number): void {
  const { a, b, c, rows, columns, depth, bias = 0 } = product;
  const bytes = rowBytes + Math.ceil(columns / tileColumns) * tileColumns * depth * 4;
  const working = runtime.scratch(runtime.threads * bytes);
  const aArguments = [a.address, ...strides(a, depth, rows), (a.stride ?? 0) * 4];
  const bStrides = strides({ ...b, transposed: !b.transposed }, depth, columns);
  const bArguments = [b.address, ...bStrides, (b.stride ?? 0) * 4];
  const grain = Math.ceil(worthThread / (rows * columns * depth));
  runtime.split(
    "multiplyBatch",
    batch,
    grain,
    (first, count, thread) => {
      const scratch = working + thread * bytes;
      return [...aArguments, ...bArguments, c, rows, columns, depth, bias, scratch, first, count];
    },
  );
}

/** Multiplications in a product that is large enough for threads to share it. */
const large = 4_000_000;

/**
 * Writes C = op(A) · op(B) + bias.
 *
 * @param runtime The module.
 * @param product Addresses and sizes; C overlaps neither factor.
 */
export function multiply(runtime: Runtime, product: Product): void {
  const { a, b, c, rows, columns, depth, batch = 1 } = product;
  if (rows * columns * batch === 0) return;
  if (batch > 1 && rows * columns * depth < large) return multiplyBatch(runtime, product, batch);
  const one = rows <= fewRows && !(a.transposed && b.transposed) ? multiplyFew : multiplyOne;
  for (let i = 0; i < batch; i++) {
    one(runtime, {
      ...product,
      a: { ...a, address: a.address + i * (a.stride ?? 0) * 4 },
      b: { ...b, address: b.address + i * (b.stride ?? 0) * 4 },
      c: c + i * rows * columns * 4,
    });
  }
}
