/** The wirings of several variants in one picture. */
import { groupBy } from "../core/collections.ts";
import { greatest } from "../core/extent.ts";
import { requireRows } from "../core/options.ts";
import type { Residual } from "../residual/types.ts";
import { Figure } from "./figure.ts";
import { escapeXml } from "./flatten.ts";
import { type Marks, marksElement, readMarks } from "./marks.ts";
import { fontFamily, ink } from "./typography.ts";
import { wiringDiagram, type WiringOptions } from "./wiring_diagram.ts";

/** Sizes in pixels. */
const size = { width: 640, gap: 10, label: 24 } as const;

/** A diagram with its place on the sheet. */
interface Placed {
  readonly label: string;
  readonly svg: string;
  readonly words: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
}

/** The diagrams row below row, each in the first row that has room for it. */
function placed(residuals: readonly Residual[], options: WiringOptions): Placed[] {
  const drawn = residuals.map((residual) => {
    const { svg, description } = wiringDiagram(residual, options);
    const [width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.slice(1).map(Number);
    const [, ...words] = description.split("\n");
    return { label: residual.label, svg, words, width: width!, height: height!, x: 0 };
  });
  const rows: { right: number; readonly diagrams: (typeof drawn)[number][] }[] = [];
  for (const alike of groupBy(drawn, ({ words }) => words.join("\n")).values()) {
    const one = { ...alike[0]!, label: alike.map(({ label }) => label).join(" and ") };
    let row = rows.find(({ right }) => right + one.width <= size.width);
    if (row === undefined) rows.push(row = { right: 0, diagrams: [] });
    row.diagrams.push({ ...one, x: row.right });
    row.right += one.width + size.gap;
  }
  let bottom = 0;
  return rows.flatMap(({ diagrams }) => {
    const y = bottom;
    bottom += size.label + greatest(diagrams.map(({ height }) => height));
    return diagrams.map((one) => ({ ...one, y }));
  });
}

/** A diagram under its name; an SVG inside an SVG keeps its own looks, and leaves its marks to the sheet. */
function withLabel({ label, svg, x, y }: Placed): string {
  const inner = svg.replace("<svg ", `<svg x="${x}" y="${y + size.label}" `)
    .replace(/<metadata>[^<]*<\/metadata>\n?/, "");
  return `<text x="${x + 4}" y="${y + 17}" font-size="14" font-weight="600">${
    escapeXml(label)
  }</text>\n${inner.trim()}`;
}

/** What a diagram says of its parts, where they stand on the sheet. */
function movedSeries({ svg, x, y }: Placed): Marks["series"] {
  return (readMarks(svg)?.series ?? []).map(({ points, ...rest }) => ({
    ...rest,
    points: points.split(";").map((point) => {
      const [left, top, ...words] = point.split("|");
      return [Number(left) + x, Number(top) + y + size.label, ...words].join("|");
    }).join(";"),
  }));
}

/**
 * How several residual variants are wired, in one picture; those that are wired alike share a drawing under both names.
 *
 * @param residuals The variants.
 * @param options The depth of the stack, as of `wiringDiagram()`.
 * @returns The figure, 640 pixels wide.
 * @throws {RangeError} If there is no variant, or the depth is not a whole number from 1 on.
 */
export function wiringSheet(residuals: readonly Residual[], options: WiringOptions = {}): Figure {
  requireRows("wiringSheet()", residuals);
  if (residuals.length === 0) throw new RangeError("Cannot draw 0 wirings: give one at least");
  const diagrams = placed(residuals, options);
  const width = greatest([size.width, ...diagrams.map((one) => one.x + one.width)]);
  const height = greatest(diagrams.map((one) => one.y + size.label + one.height));
  const title = `How ${residuals.length} variants are wired`;
  const series = diagrams.flatMap(movedSeries);
  const description = [
    title,
    ...diagrams.map(({ label, words }) => `${label}: ${words.join("; ")}`),
  ].join("\n");
  return new Figure(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}" ` +
      `font-family="${fontFamily}" fill="${ink.text}">
<desc>${escapeXml(description)}</desc>
${marksElement({ size: [width, height], x: "reads", y: "gives", series })}
<rect width="${width}" height="${height}" fill="${ink.card}"/>
${diagrams.map(withLabel).join("\n")}
</svg>
`,
    description,
  );
}
