/**
 * Pictures of a notebook's outputs, with the values that some carry. What an output says of itself is checked: it may be a
 * stranger's.
 */
import { marksCsv } from "./chart_data.ts";
import { escapeHtml, unescapeHtml } from "./html.ts";
import { type Bundle, textOf } from "../jupyter/notebook_file.ts";

/** Where the values behind a picture lie in an output; `lib/plots/marks.ts` says what they are. */
const marksType = "application/vnd.normkit.marks+json";

/** Width and height in pixels. */
type Size = readonly [width: number, height: number];

/** The values behind a picture, for tips, in the form that the script of pages reads. */
export type Marks = Readonly<Record<"size" | "x" | "y" | "series", unknown>>;

/** A picture as pages show it. */
export interface Picture {
  /** A data URL. */
  readonly url: string;
  /** What it shows, in words. */
  readonly alternative: string;
  /** Width and height in pixels, where the notebook says so. */
  readonly size?: Size;
  /** The values behind it, for tips. */
  readonly marks?: Marks;
}

/**
 * The picture of an output, SVG before PNG.
 *
 * @param data The output by MIME types.
 * @param metadata What the output says of itself.
 * @returns The picture, or undefined where the output has none, or what it has is none.
 */
export function pictureOf(data: Bundle, metadata: Record<string, unknown>): Picture | undefined {
  const picture = svgPicture(data) ?? pngPicture(data, metadata);
  const marks = marksIn(data[marksType]);
  return picture === undefined || marks === undefined ? picture : { ...picture, marks };
}

/** An SVG as an image, inside which it runs no script and loads nothing. */
function svgPicture(data: Bundle): Picture | undefined {
  const svg = textOf(data, "image/svg+xml");
  if (svg === undefined) return undefined;
  const words = textOf(data, "text/plain") ?? "";
  const attributes = rootAttributes(svg);
  const label = attributes.get("aria-label") ?? "";
  const bare = svg.replace(/<metadata>[^<]*<\/metadata>\n?/, "");
  return {
    url: `data:image/svg+xml;base64,${new TextEncoder().encode(bare).toBase64()}`,
    alternative: words.startsWith(label) ? words : label,
    ...sized(Number(attributes.get("width")), Number(attributes.get("height"))),
  };
}

/**
 * The attributes of an SVG's root.
 *
 * @param svg The text of an SVG.
 * @returns Each value by its name; none where the text has no root.
 */
export function rootAttributes(svg: string): Map<string, string> {
  const start = svg.search(/<svg\s/);
  const pattern = /\s+([\w:-]+)="([^"<]*)"/y;
  const attributes = new Map<string, string>();
  if (start < 0) return attributes;
  pattern.lastIndex = start + "<svg".length;
  for (let found = pattern.exec(svg); found !== null; found = pattern.exec(svg)) {
    attributes.set(found[1]!, unescapeHtml(found[2]!));
  }
  return attributes;
}

function pngPicture(data: Bundle, metadata: Record<string, unknown>): Picture | undefined {
  const base64 = textOf(data, "image/png")?.replaceAll(/\s/g, "");
  if (base64 === undefined || !/^[\w+/-]+={0,2}$/.test(base64)) return undefined;
  const words = textOf(data, "text/plain") ?? "";
  const { width, height, alt } = Object(metadata?.["image/png"]) as Record<string, unknown>;
  return {
    url: `data:image/png;base64,${base64}`,
    alternative: typeof alt === "string" && !words.startsWith(alt) ? alt : words,
    ...sized(width, height),
  };
}

function sized(width: unknown, height: unknown): { readonly size?: Size } {
  return isLength(width) && isLength(height) ? { size: [width, height] } : {};
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

/** Marks of the form that the script of pages reads, or undefined. */
function marksIn(value: unknown): Marks | undefined {
  const { size, x, y, series } = Object(value) as Record<string, unknown>;
  const fits = Array.isArray(size) && size.length === 2 && size.every(isLength) &&
    typeof x === "string" && typeof y === "string" &&
    Array.isArray(series) && series.every(isSeries);
  return fits ? value as Marks : undefined;
}

function isSeries(value: unknown): boolean {
  const { name, color, points } = Object(value) as Record<string, unknown>;
  const isColor = color === undefined || typeof color === "string" && /^#[\da-f]{6}$/i.test(color);
  return typeof name === "string" && typeof points === "string" && isColor;
}

/**
 * A picture as an image.
 *
 * @param picture The picture.
 * @returns An `<img>` that loads nothing.
 */
export function renderImage({ url, alternative, size }: Picture): string {
  const measures = size === undefined ? "" : ` width="${size[0]}" height="${size[1]}"`;
  return `<img src="${url}" alt="${escapeHtml(alternative)}"${measures}>`;
}

/**
 * A picture on its card, at most as wide as it was drawn; where it has its values, with tips, and with the values as a file.
 *
 * @param picture The picture.
 * @param anchor The anchor of what it stands in, for a link to it; none by default.
 * @returns A `<figure>`.
 */
export function renderPicture(picture: Picture, anchor?: string): string {
  const image = renderImage(picture);
  const width = picture.size === undefined ? "" : ` style="--drawn: ${picture.size[0]}px"`;
  const [title = ""] = picture.alternative.split("\n", 1);
  const link = anchor === undefined
    ? ""
    : `<a href="#${escapeHtml(anchor)}" aria-label="Link to the chart: ${
      escapeHtml(title)
    }">Link</a>`;
  if (picture.marks === undefined) {
    return `<figure class="chart"><div class="card"${width}>${image}</div>${
      caption(link)
    }</figure>`;
  }
  const json = JSON.stringify(picture.marks).replaceAll("<", "\\u003c");
  return `<figure class="chart"><div class="card"${width} tabindex="0" role="group" aria-label="Chart: ${
    escapeHtml(title)
  }. Arrow keys move from value to value.">${image}<script type="application/json">${json}</script></div>${
    caption(link + dataLink(picture.marks, title))
  }</figure>`;
}

const caption = (links: string): string => links === "" ? "" : `<figcaption>${links}</figcaption>`;

/** The values of a chart as a file that the page carries. */
function dataLink(marks: Marks, title: string): string {
  const name = title.toLowerCase().replaceAll(/[^\p{L}\d]+/gu, "-").slice(0, 60) || "chart";
  return `<a download="${name}.csv" href="data:text/csv;charset=utf-8,${
    encodeURIComponent(marksCsv(marks)).replaceAll("'", "%27")
  }" aria-label="Values as CSV: ${escapeHtml(title)}">Values (CSV)</a>`;
}
