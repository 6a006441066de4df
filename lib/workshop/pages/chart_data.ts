/** The values of a chart as a table, for readers who want to draw or to check them. */
// @ts-types="@types/d3-dsv"
import { csvFormatRows } from "d3-dsv";

/** The values behind a chart, as far as they are checked. */
export type ChartValues = Readonly<Record<"x" | "y" | "series", unknown>>;

/** One line of values, as marks keep it: `left|top|x|value`, and `;` between points. */
interface Series {
  readonly name: string;
  readonly points: string;
}

/**
 * The values of a chart as CSV: what is drawn, in the digits that tips show.
 *
 * @param marks The values behind the chart.
 * @returns A row for each value, below a row of names. Of a dense line the values that a pointer can tell apart.
 */
export function marksCsv({ x, y, series }: ChartValues): string {
  const rows = (series as readonly Series[]).flatMap(({ name, points }) =>
    points.split(";").filter((point) => point !== "").map((point) => {
      const [, , at = "", value = ""] = point.split("|");
      return [name, at, value];
    })
  );
  const table = [["series", String(x), String(y)], ...rows].map((row) => row.map(noFormula));
  return `${csvFormatRows(table)}\n`;
}

/** A space keeps spreadsheets from taking a stranger's words for a formula. */
const noFormula = (text: string): string => /^[=@+\t\r]|^-(?![\d.])/.test(text) ? ` ${text}` : text;
