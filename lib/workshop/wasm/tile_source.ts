// Writes the innermost loop of the matrix product as AssemblyScript: the compiler neither unrolls loops nor keeps arrays in
// registers, so that each number of rows needs its own text.

/** The rows of a full tile: with 8 columns, 12 vectors of C, 2 of B and 1 of A, which are all the registers that x64 has. */
const tileRows = 6;

/** Steps of k in a turn of the loop. Measured with `-O2`: 4 is 7 % slower in a full tile, 1 is 15 %; with `-O3`, 16 spills registers. */
const unrolled = (rows: number): number => rows === tileRows ? 16 : 4;

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}

/** One k: a row of B in two vectors, and each row of A times both. */
function step(rows: number, turn: number): string {
  const products = lines(rows, (i) =>
    `const a${i}_${turn} = v128.load32_splat(a, ${4 * i});
    left${i} = multiplyAdd(a${i}_${turn}, b0_${turn}, left${i});
    right${i} = multiplyAdd(a${i}_${turn}, b1_${turn}, right${i});`);
  return `const b0_${turn} = v128.load(b);
    const b1_${turn} = v128.load(b, 16);
    ${products}
    a += aStep;
    b += bStep;`;
}

const parameters = "a: usize, aStep: usize, b: usize, bStep: usize, depth: i32, " +
  "start: usize, startRow: usize, c: usize, cRow: usize";

const names = "a, aStep, b, bStep, depth, start, startRow, c, cRow";

function tileFunction(rows: number): string {
  return `function tile${rows}(${parameters}): void {
    ${lines(rows, (i) => `let left${i} = v128.load(start + ${i} * startRow);`)}
    ${lines(rows, (i) => `let right${i} = v128.load(start + ${i} * startRow, 16);`)}
    for (; depth >= ${unrolled(rows)}; depth -= ${unrolled(rows)}) {
      ${lines(unrolled(rows), (turn) => step(rows, turn))}
    }
    for (; depth > 0; depth--) {
      ${step(rows, 0)}
    }
    ${lines(rows, (i) => `v128.store(c + ${i} * cRow, left${i});`)}
    ${lines(rows, (i) => `v128.store(c + ${i} * cRow, right${i}, 16);`)}
  }`;
}

/**
 * The module `tile` of the source: `tile(rows, …)` computes C = start + A · B for up to 6 rows and 8 columns of C.
 *
 * `aStep` and `bStep` are the bytes from one k to the next; the rows of A and the columns of B lie side by side. `startRow` and
 * `cRow` are the bytes from one row to the next; `startRow` is 0 where every row starts from the same values, zeros or a bias.
 *
 * @returns AssemblyScript.
 */
export function tileSource(): string {
  return `import { multiplyAdd } from "./simd";

  export const TILE_ROWS: i32 = ${tileRows};
  export const TILE_COLUMNS: i32 = 8;

  ${lines(tileRows, (i) => tileFunction(i + 1))}

  export function tile(rows: i32, ${parameters}): void {
    ${lines(tileRows, (i) => `if (rows == ${tileRows - i}) return tile${tileRows - i}(${names});`)}
  }`;
}
