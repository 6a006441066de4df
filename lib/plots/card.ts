/**
 * The frame that every chart shares: title, subtitle, chart and caption on one white card.
 *
 * Adding a chart means drawing its Plot and handing it to {@link drawCard}; nothing else composes SVG.
 */
import type * as Plot from "@observablehq/plot";
import type { OptionKinds } from "../core/options.ts";
import { emptyDocument } from "./document.ts";
import { Figure } from "./figure.ts";
import { escapeXml, flatten } from "./flatten.ts";
import { type ChartMarks, marksElement, placeMarks } from "./marks.ts";
import { fontFamily, ink, wrapText } from "./typography.ts";

/** The words around a chart, and its size. */
export interface CardOptions {
  /** The finding, as a sentence; required. */
  readonly title: string;
  /** The setting: model, data, steps. */
  readonly subtitle?: string;
  /** Where the numbers come from: run file and command. */
  readonly caption?: string;
  /** Width in pixels, 400 to 2000; 640 when absent. */
  readonly width?: number;
  /** Least height in pixels, 200 to 2000; 400 when absent. The card grows where content needs more. */
  readonly height?: number;
}

/** What every chart takes. */
export const cardKinds: OptionKinds<CardOptions> = {
  title: "string",
  subtitle: "string?",
  caption: "string?",
  width: "number?",
  height: "number?",
};

/** What a chart hands to {@link drawCard}. */
export interface CardContent {
  /** Draws the chart for the room that is left; it may come out taller. */
  readonly draw: (room: Room) => ReturnType<typeof Plot.plot>;
  /** The values that were drawn, with their places in the chart, for pages that show the one under the pointer. */
  readonly marks?: (chart: ReturnType<typeof Plot.plot>) => ChartMarks;
  /** Sentences added to the caption, for example how many values are not drawn. */
  readonly notes: readonly string[];
  /** Lines with the main numbers, for readers without the picture. */
  readonly numbers: readonly string[];
}

/** The room that a chart has on its card. */
export interface Room {
  /** Width of the chart in pixels. */
  readonly width: number;
  /** Height of the chart in pixels. */
  readonly height: number;
  /** Document in which Plot creates its elements. */
  readonly document: Document;
}

const padding = { side: 16, top: 12, bottom: 14 } as const;
const gap = { afterHeader: 8, beforeCaption: 6 } as const;
const sizes = {
  title: { fontSize: 16, lineHeight: 20 },
  subtitle: { fontSize: 12, lineHeight: 16 },
  caption: { fontSize: 10.5, lineHeight: 14 },
} as const;

/**
 * A chart with its words, composed into one standalone SVG.
 *
 * @param options Title, subtitle, caption and size.
 * @param content The drawing, its notes and its main numbers.
 * @returns The figure.
 * @throws {RangeError} If the title is blank or a size is outside its range.
 */
export function drawCard(options: CardOptions, content: CardContent): Figure {
  const { title, subtitle = "", caption = "" } = options;
  if (title.trim() === "") {
    throw new RangeError(
      `Cannot draw a chart with the title ${JSON.stringify(title)}: it must state the finding`,
    );
  }
  const width = checkedSize("width", options.width ?? 640, 400);
  const least = checkedSize("height", options.height ?? 400, 200);
  const inner = width - 2 * padding.side;
  const header = [
    ...paragraph(title, "title", inner, ink.text),
    ...paragraph(subtitle, "subtitle", inner, ink.muted),
  ];
  const footer = paragraph(
    [caption, ...content.notes].filter((part) => part !== "").join(" · "),
    "caption",
    inner,
    ink.muted,
  );

  const chartTop = padding.top + heightOf(header) + gap.afterHeader;
  const below = (footer.length > 0 ? gap.beforeCaption : 0) + heightOf(footer) + padding.bottom;
  const document = emptyDocument();
  const chart = content.draw({ width: inner, height: least - chartTop - below, document });
  const chartHeight = Number(chart.getAttribute("height"));
  const height = Math.ceil(chartTop + chartHeight + below);

  const description = [title, subtitle, ...content.numbers, ...content.notes]
    .filter((line) => line !== "").join("\n");
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}" ` +
    `color="${ink.text}" fill="${ink.text}" font-family="${fontFamily}">`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(description)}</desc>`,
    ...(content.marks === undefined ? [] : [
      marksElement(
        placeMarks(content.marks(chart), {
          size: [width, height],
          left: padding.side,
          top: chartTop,
        }),
      ),
    ]),
    `<rect width="${width}" height="${height}" fill="${ink.card}"/>`,
    ...stack(header, padding.top),
    `<g transform="translate(${padding.side},${chartTop})" font-size="11" text-anchor="middle">`,
    ...flatten(chart),
    `</g>`,
    ...stack(footer, chartTop + chartHeight + gap.beforeCaption),
    `</svg>`,
  ].join("\n");
  return new Figure(`${svg}\n`, description);
}

interface Line {
  readonly text: string;
  readonly role: keyof typeof sizes;
  readonly color: string;
}

function paragraph(text: string, role: Line["role"], width: number, color: string): Line[] {
  // Bold letters are about a twelfth wider than the regular ones that the measure knows.
  const room = role === "title" ? width / 1.08 : width;
  return wrapText(text, room, sizes[role].fontSize).map((line) => ({ text: line, role, color }));
}

function heightOf(lines: readonly Line[]): number {
  return lines.reduce((sum, line) => sum + sizes[line.role].lineHeight, 0);
}

function stack(lines: readonly Line[], top: number): string[] {
  let bottom = top;
  return lines.map(({ text, role, color }) => {
    const { fontSize, lineHeight } = sizes[role];
    bottom += lineHeight;
    const weight = role === "title" ? ` font-weight="700"` : "";
    return `<text x="${padding.side}" y="${bottom - 4}" font-size="${fontSize}"${weight} ` +
      `fill="${color}">${escapeXml(text)}</text>`;
  });
}

function checkedSize(name: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least || value > 2000) {
    throw new RangeError(
      `Cannot draw a chart of ${name} ${value}: it must be a whole number from ${least} to 2000`,
    );
  }
  return value;
}
