// The product of two float64 matrices, in blocks that stay in the cache and tiles that stay in registers.

/** The sizes of a product: [rows, depth] times [depth, columns]. */
export interface ProductSize {
  /** Rows of the left factor. */
  readonly rows: number;
  /** Columns of the left factor, which the product sums over. */
  readonly depth: number;
  /** Columns of the right factor. */
  readonly columns: number;
}

/** Rows and columns of a tile of the result. */
const tileRows = 4;
const tileColumns = 4;

/** Numbers of a row that are multiplied before the next block of them. */
const blockDepth = 256;

/** A factor as panels: `width` of its lines side by side, a row of the panel for each k. */
interface Lines {
  readonly values: Float64Array;
  /** How many lines there are. */
  readonly count: number;
  /** The distance from one line to the next. */
  readonly lineStride: number;
  /** The distance from one k to the next. */
  readonly depthStride: number;
}

/** Writes `depth` numbers of `width` lines, interleaved; lines that are not there are 0. */
function pack(
  { values, count, lineStride, depthStride }: Lines,
  first: number,
  width: number,
  firstDepth: number,
  depth: number,
  panel: Float64Array,
  start: number,
): void {
  for (let lane = 0; lane < width; lane++) {
    const line = first + lane;
    if (line >= count) {
      for (let k = 0; k < depth; k++) panel[start + k * width + lane] = 0;
      continue;
    }
    let from = line * lineStride + firstDepth * depthStride;
    for (let k = 0; k < depth; k++) {
      panel[start + k * width + lane] = values[from]!;
      from += depthStride;
    }
  }
}

/** Writes the products of a panel of rows, from `aStart`, with a panel of columns: a tile, row-major. */
function multiplyTile(
  a: Float64Array,
  aStart: number,
  b: Float64Array,
  depth: number,
  tile: Float64Array,
): void {
  // sixteen sums in variables: arrays would keep them out of the registers
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0;
  let s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  let s20 = 0, s21 = 0, s22 = 0, s23 = 0;
  let s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  let i = aStart;
  let j = 0;
  for (let k = 0; k < depth; k++) {
    const b0 = b[j + 0]!, b1 = b[j + 1]!, b2 = b[j + 2]!, b3 = b[j + 3]!;
    const a0 = a[i + 0]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    const a1 = a[i + 1]!;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    const a2 = a[i + 2]!;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    const a3 = a[i + 3]!;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
    i += tileRows;
    j += tileColumns;
  }
  tile[0] = s00;
  tile[1] = s01;
  tile[2] = s02;
  tile[3] = s03;
  tile[4] = s10;
  tile[5] = s11;
  tile[6] = s12;
  tile[7] = s13;
  tile[8] = s20;
  tile[9] = s21;
  tile[10] = s22;
  tile[11] = s23;
  tile[12] = s30;
  tile[13] = s31;
  tile[14] = s32;
  tile[15] = s33;
}

/**
 * The product of two matrices.
 *
 * @param x The left factor [rows, depth], row-major.
 * @param w The right factor [depth, columns], row-major, or its transpose.
 * @param size The sizes.
 * @param transposed Whether `w` holds the transpose, [columns, depth].
 * @returns [rows, columns]
 */
export function multiply(
  x: Float64Array,
  w: Float64Array,
  { rows, depth, columns }: ProductSize,
  transposed: boolean,
): Float64Array {
  const left: Lines = { values: x, count: rows, lineStride: depth, depthStride: 1 };
  const right: Lines = transposed
    ? { values: w, count: columns, lineStride: depth, depthStride: 1 }
    : { values: w, count: columns, lineStride: 1, depthStride: columns };
  const y = new Float64Array(rows * columns);
  const rowPanels = new Float64Array(Math.ceil(rows / tileRows) * tileRows * blockDepth);
  const columnPanel = new Float64Array(tileColumns * blockDepth);
  const tile = new Float64Array(tileRows * tileColumns);
  for (let from = 0; from < depth; from += blockDepth) {
    const block = Math.min(blockDepth, depth - from);
    for (let row = 0; row < rows; row += tileRows) {
      pack(left, row, tileRows, from, block, rowPanels, row * block);
    }
    for (let column = 0; column < columns; column += tileColumns) {
      pack(right, column, tileColumns, from, block, columnPanel, 0);
      const width = Math.min(tileColumns, columns - column);
      for (let row = 0; row < rows; row += tileRows) {
        multiplyTile(rowPanels, row * block, columnPanel, block, tile);
        const end = Math.min(row + tileRows, rows);
        for (let r = row; r < end; r++) {
          const [to, at] = [r * columns + column, (r - row) * tileColumns];
          for (let c = 0; c < width; c++) y[to + c]! += tile[at + c]!;
        }
      }
    }
  }
  return y;
}
