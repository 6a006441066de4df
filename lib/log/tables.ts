// Tables as files: CSV, which everything reads, and Parquet, which keeps types and every bit of a number. What is no number stays so.

// @ts-types="@types/d3-dsv"
import { csvFormatRows } from "d3-dsv";
import { type BasicType, parquetWriteBuffer } from "hyparquet-writer";
import type { Cell, Column } from "./table.ts";

/**
 * Writes a table as CSV (RFC 4180): a line of names, and no quotation marks but where they are needed. Numbers have all their digits, or
 * are `NaN`, `Infinity` and `-Infinity`; what a row lacks is empty.
 *
 * @param columns The table.
 * @returns The text.
 */
export function csvOf(columns: readonly Column[]): string {
  const count = columns[0]?.values.length ?? 0;
  const lines = Array.from(
    { length: count },
    (_, at) => columns.map(({ values }) => values[at] ?? ""),
  );
  return `${csvFormatRows([columns.map(({ name }) => name), ...lines].map(textsOf))}\n`;
}

const textsOf = (cells: readonly Cell[]): string[] => cells.map(String);

/** The type of a column: that of all of its numbers, or texts. */
function typeOf({ name, values }: Column): BasicType {
  if (name === "step") return "INT64";
  const isText = values.some((value) => typeof value === "string");
  return isText ? "STRING" : "DOUBLE";
}

/** A value as a column of a type has it. */
function valueIn(type: BasicType, value: Cell): number | bigint | string | null {
  if (value === undefined) return null;
  if (type === "INT64") return BigInt(value);
  return type === "STRING" ? String(value) : value;
}

/**
 * Writes a table as Parquet: steps are integers, numbers doubles, all else texts; what a row lacks is null.
 *
 * @param columns The table.
 * @returns The bytes of the file.
 */
export function parquetOf(columns: readonly Column[]): Uint8Array<ArrayBuffer> {
  const columnData = columns.map((column) => {
    const type = typeOf(column);
    const data = column.values.map((value) => valueIn(type, value));
    return { name: column.name, data, type, nullable: column.name !== "step" };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
