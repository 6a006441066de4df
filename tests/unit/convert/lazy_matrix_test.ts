// Each change of a matrix on both axes, against plain loops over rows, read as a whole and in every part.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  appendBalance,
  appendZero,
  centerAlong,
  contract,
  dropLast,
  type LazyMatrix,
  matrixFrom,
  matrixOf,
  readMatrix,
  rowsInOrder,
  scaleAll,
  scaleAlong,
  type StreamAxis,
  subtractLast,
  transpose,
} from "../../../lib/convert/lazy_matrix.ts";
import { randomRow, randomRows, uniform } from "../../reference/random.ts";
import { dot, mapRows, mean, type Rows, sum, transpose as turned } from "../../reference/rows.ts";
import { assertClose } from "../../support/close.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";

const limit = toleranceInFloat64("sum");
const next = uniform(5);

/** Rows as a matrix. */
const of = (rows: Rows): LazyMatrix => matrixFrom(Float64Array.from(rows.flat()), rows[0]!.length);

/** Requires that a matrix is these rows, also where only some of them are read, and that a reader may change what it read. */
async function assertMatrix(matrix: LazyMatrix, rows: Rows, what: string): Promise<void> {
  assertEquals([matrix.rows, matrix.width], [rows.length, rows[0]!.length], what);
  for (let first = 0; first < rows.length; first++) {
    for (let count = 0; first + count <= rows.length; count++) {
      const numbers = await matrix.read(first, count);
      const expected = rows.slice(first, first + count).flat();
      assertClose(numbers, expected, limit, `${what}, ${count} rows from ${first}`);
      numbers.fill(NaN);
    }
  }
}

/** A change of matrices, and the same of one vector along the stream. */
interface Case {
  readonly name: string;
  change(matrix: LazyMatrix, axis: StreamAxis): LazyMatrix;
  vector(values: readonly number[]): number[];
}

const width = 6;
const factors = randomRow(next, width);
const cases: readonly Case[] = [
  {
    name: "scaleAlong() multiplies each place by its number",
    change: (matrix, axis) =>
      scaleAlong(matrix, axis, () => Promise.resolve(Float64Array.from(factors))),
    vector: (values) => values.map((value, at) => value * factors[at]!),
  },
  {
    name: "scaleAll() multiplies all by one number",
    change: (matrix) => scaleAll(matrix, -2.5),
    vector: (values) => values.map((value) => -2.5 * value),
  },
  {
    name: "centerAlong() takes the mean away",
    change: centerAlong,
    vector: (values) => values.map((value) => value - mean(values)),
  },
  {
    name: "dropLast() leaves out the last place",
    change: dropLast,
    vector: (values) => values.slice(0, -1),
  },
  {
    name: "subtractLast() subtracts the last place from the others",
    change: subtractLast,
    vector: (values) => values.slice(0, -1).map((value) => value - values.at(-1)!),
  },
  {
    name: "appendZero() appends 0",
    change: appendZero,
    vector: (values) => [...values, 0],
  },
  {
    name: "appendBalance() appends what makes the sum 0",
    change: appendBalance,
    vector: (values) => [...values, -sum(values)],
  },
];

for (const { name, change, vector } of cases) {
  Deno.test(`${name}, along columns and along rows`, async () => {
    const rows = randomRows(next, 5, width);
    await assertMatrix(change(of(rows), "columns"), rows.map(vector), "columns");
    await assertMatrix(change(of(turned(rows)), "rows"), turned(rows.map(vector)), "rows");
  });
}

Deno.test("transpose() exchanges rows and columns", async () => {
  const rows = randomRows(next, 4, 7);
  await assertMatrix(transpose(of(rows)), turned(rows), "turned");
  await assertMatrix(transpose(transpose(of(rows))), rows, "turned twice");
});

Deno.test("contract() sums slices times their numbers, along columns and along rows", async () => {
  const rows = randomRows(next, 5, width);
  const numbers = Float64Array.from(factors);
  const expected = rows.map((row) => dot(row, factors));
  assertClose(await contract(of(rows), "columns", numbers), expected, limit, "columns");
  assertClose(await contract(of(turned(rows)), "rows", numbers), expected, limit, "rows");
});

/** A matrix of many numbers, with a note of how many rows were read at once. */
function wide(
  rows: number,
  width: number,
): { matrix: LazyMatrix; value: typeof valueAt; counts: number[] } {
  const counts: number[] = [];
  const valueAt = (row: number, column: number): number => (row + 1) * ((column % 7) - 2.5);
  const matrix: LazyMatrix = {
    rows,
    width,
    read: (first, count) => {
      counts.push(count);
      const numbers = new Float64Array(count * width);
      for (let at = 0; at < numbers.length; at++) {
        numbers[at] = valueAt(first + Math.floor(at / width), at % width);
      }
      return Promise.resolve(numbers);
    },
  };
  return { matrix, value: valueAt, counts };
}

Deno.test("rowsInOrder() reads at most 1 MiB at once, at least one row, and the next while one is used", async () => {
  for (
    const [rows, width, expected] of [
      [5, 2 ** 16, [2, 2, 1]],
      [3, 2 ** 16 + 1, [1, 1, 1]],
      [2, 2 ** 17 + 1, [1, 1]],
      [2 ** 16, 3, [43690, 21846]],
      [3, 0, [3]],
    ] as const
  ) {
    const { matrix, value, counts } = wide(rows, width);
    let [row, pieces] = [0, 0];
    for await (const numbers of rowsInOrder(matrix)) {
      assertEquals(numbers[0], width === 0 ? undefined : value(row, 0));
      assertEquals(counts.length, Math.min(++pieces + 1, expected.length));
      row += width === 0 ? rows : numbers.length / width;
    }
    assertEquals([row, counts], [rows, [...expected]]);
  }
});

Deno.test("sums over rows read only so many at once, and the rest at the end", async () => {
  const width = 2 ** 16;
  const { matrix, value, counts } = wide(5, width);
  const balanced = await appendBalance(matrix, "rows").read(5, 1);
  assertEquals(counts, [2, 2, 1]);
  // 1 + 2 + 3 + 4 + 5 times what stands in the first row
  const expected = Float64Array.from({ length: width }, (_, column) => -15 * value(0, column));
  assertEquals(balanced, expected);

  counts.length = 0;
  const centered = await centerAlong(matrix, "rows").read(4, 1);
  assertEquals(counts, [2, 2, 1, 1]);
  assertEquals(centered, expected.map((total) => -total / 15 * 5 + total / 5));

  counts.length = 0;
  const ones = new Float64Array(5).fill(1);
  assertEquals(await contract(matrix, "rows", ones), expected.map((total) => -total));
  const column = new Float64Array(width);
  column[3] = 2;
  const picked = [1, 2, 3, 4, 5].map((row) => row * 2 * value(0, 3));
  assertEquals([...await contract(matrix, "columns", column)], picked);
  assertEquals(counts, [2, 2, 1, 2, 2, 1]);
});

Deno.test("a changed matrix asks for factors and sums once, at the first read", async () => {
  let asked = 0;
  const rows = randomRows(next, 5, width);
  const scaled = scaleAlong(of(rows), "columns", () => {
    asked++;
    return Promise.resolve(Float64Array.from(factors));
  });
  assertEquals(asked, 0);
  await Promise.all([scaled.read(0, 2), scaled.read(2, 1)]);
  await readMatrix(scaled);
  assertEquals(asked, 1);
  const { matrix, counts } = wide(3, 4);
  const centered = centerAlong(matrix, "rows");
  assertEquals(counts, []);
  await centered.read(0, 1);
  await centered.read(1, 1);
  assertEquals(counts, [3, 1, 1]);
});

Deno.test("matrixOf() reads a tensor in rows of a given width", async () => {
  const rows = randomRows(next, 4, 6);
  const source = memoryTensors({
    matrix: { shape: [4, 6], values: rows.flat() },
    kernel: { shape: [4, 2, 3], values: rows.flat() },
    vector: { shape: [6], values: rows[0]! },
    table: { shape: [1, 2, 6], values: [...rows[0]!, ...rows[1]!] },
  });
  const halves = rows.flatMap((row) => [row.slice(0, 3), row.slice(3)]);
  await assertMatrix(matrixOf(source, "matrix"), rows, "as it is");
  await assertMatrix(matrixOf(source, "matrix", 3), halves, "halves");
  await assertMatrix(matrixOf(source, "kernel"), rows, "a convolution");
  await assertMatrix(matrixOf(source, "vector", 6), [rows[0]!], "a vector");
  await assertMatrix(matrixOf(source, "table", 6), rows.slice(0, 2), "a table in a batch of one");
  const { message } = assertThrows(() => matrixOf(source, "matrix", 4), RangeError);
  assertEquals(message, "Cannot read matrix [4, 6] in rows of 4: its rows have 6 numbers");
});

Deno.test("matrixOf() hands on what a tensor's reader refuses", async () => {
  const source = memoryTensors({ matrix: { shape: [2, 2], values: [1, 2, 3, 4] } });
  await assertRejects(() => matrixOf(source, "matrix").read(1, 2), RangeError, "Cannot read rows");
});

Deno.test("matrixFrom() takes a vector as one row, and no numbers as no rows", async () => {
  await assertMatrix(matrixFrom(Float64Array.of(1, 2, 3)), [[1, 2, 3]], "one row");
  const empty = matrixFrom(new Float64Array(0));
  assertEquals([empty.rows, empty.width, (await readMatrix(empty)).length], [0, 0, 0]);
});

Deno.test("compression and decompression give each other back on what they are meant for", async () => {
  const centered = mapRows(randomRows(next, 5, width), (value) => value)
    .map((row) => row.map((value) => value - mean(row)));
  const back = appendBalance(dropLast(of(centered), "columns"), "columns");
  await assertMatrix(back, centered, "a centered writer");
  // a reader of vectors without a mean does not see what is the same for all of them
  const reader = randomRows(next, 5, width);
  const read = await readMatrix(appendZero(subtractLast(of(reader), "columns"), "columns"));
  const vector = centered[0]!;
  reader.forEach((row, at) => {
    const found = dot(read.subarray(at * width, (at + 1) * width), vector);
    assert(Math.abs(found - dot(row, vector)) < limit * 10, `row ${at}`);
  });
});
