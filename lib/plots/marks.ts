/**
 * The numbers behind a picture, with the places where they are drawn: what a page needs to show the value under the pointer.
 *
 * They lie in the SVG as one `<metadata>` element, and in committed notebooks beside the PNG.
 */

/** The type under which marks lie in a notebook's output. */
export const marksType = "application/vnd.normkit.marks+json";

/** One drawn value. */
export type MarkedPoint = readonly [
  /** Pixels from the left. */
  left: number,
  /** Pixels from the top. */
  top: number,
  /** What stands on the horizontal axis there. */
  x: number | string,
  /** The value as it is written. */
  value: string,
  /** Where its bar begins, in pixels; a value that is no bar is a point. */
  foot?: readonly [left: number, top: number],
];

/** The drawn values of one line, or of one row of cells. */
export interface MarkedSeries {
  /** What the line or row is called in the legend. */
  readonly name: string;
  /** Its color, where it has one. */
  readonly color?: string;
  /** Its values, from left to right. */
  readonly points: readonly MarkedPoint[];
}

/** What a chart says of its values. */
export interface ChartMarks {
  /** Name of the horizontal axis; that it is a log scale is left out of marks. */
  readonly x: string;
  /** Name of the values; that they stand on a log scale is left out of marks. */
  readonly y: string;
  /** The values, in pixels of the chart. */
  readonly series: readonly MarkedSeries[];
}

/** What a picture says of its values; a series is one line of text, so that notebooks stay small and their changes short. */
export interface Marks {
  /** Width and height of the picture in pixels, the unit of its points. */
  readonly size: readonly [width: number, height: number];
  /** Name of the horizontal axis. */
  readonly x: string;
  /** Name of the values. */
  readonly y: string;
  /** For each series its points: `left|top|x|value`, of a bar with `|left|top` of its foot, and `;` between them. */
  readonly series: readonly {
    readonly name: string;
    readonly color?: string;
    readonly points: string;
  }[];
}

/** Least distance of two points of a line that a pointer can tell apart, in pixels. */
const leastDistance = 5;

/**
 * The points of a line that a pointer can tell apart: in a dense line some are left out, the last one never.
 *
 * @param points Points from left to right.
 * @returns Those that are at least five pixels apart.
 */
export function distinctPoints(points: readonly MarkedPoint[]): MarkedPoint[] {
  const kept: MarkedPoint[] = [];
  for (const point of points.toReversed()) {
    const next = kept.at(-1);
    if (next === undefined || next[0] - point[0] >= leastDistance) kept.push(point);
  }
  return kept.reverse();
}

/**
 * A chart's marks as those of the picture that it stands in.
 *
 * @param chart The chart's marks.
 * @param picture The picture's size, and where the chart begins in it.
 * @returns The picture's marks, in whole pixels.
 */
export function placeMarks(
  chart: ChartMarks,
  picture: { readonly size: Marks["size"]; readonly left: number; readonly top: number },
): Marks {
  const text = (value: number | string): string => String(value).replaceAll(/[|;]/g, ",");
  const place = ([left, top]: readonly [number, number]): number[] => [
    Math.round(left + picture.left),
    Math.round(top + picture.top),
  ];
  const series = chart.series.map(({ points, ...rest }) => ({
    ...rest,
    points: points.map(([left, top, x, value, foot]) =>
      [...place([left, top]), text(x), text(value), ...foot === undefined ? [] : place(foot)]
        .join("|")
    ).join(";"),
  }));
  const plain = (label: string): string => label.replace(/, log scale(?=\)?$)/, "");
  return { size: picture.size, x: plain(chart.x), y: plain(chart.y), series };
}

/**
 * Marks as a line of SVG.
 *
 * @param marks The marks.
 * @returns A `<metadata>` element with JSON inside.
 */
export function marksElement(marks: Marks): string {
  const text = JSON.stringify(marks).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<metadata>${text}</metadata>`;
}

/**
 * The marks of a picture.
 *
 * @param svg The text of an SVG.
 * @returns Its marks, or undefined where it has none.
 */
export function readMarks(svg: string): Marks | undefined {
  const [, text] = /<metadata>([^<]*)<\/metadata>/.exec(svg) ?? [];
  if (text === undefined) return undefined;
  return JSON.parse(text.replaceAll("&lt;", "<").replaceAll("&amp;", "&"));
}
