/** How a residual variant joins its branches to its streams, drawn from the variant's own equations. */
import { requireInteger } from "../core/check.ts";
import { greatest, least } from "../core/extent.ts";
import { requireOptions } from "../core/options.ts";
import type { Residual } from "../residual/types.ts";
import { Figure } from "./figure.ts";
import { escapeXml } from "./flatten.ts";
import { fontFamily, ink, textWidth } from "./typography.ts";
import { type MarkedSeries, marksElement, placeMarks } from "./marks.ts";
import {
  factorText,
  type Part,
  type PartKind,
  partText,
  type WiringForm,
  wiringForms,
} from "./wiring_graph.ts";
import { type Placed, placeParts } from "./wiring_layout.ts";
import { boxWords, lookOf, type Term, termLooks, termsOf, termTip } from "./wiring_terms.ts";

/** Which stack is drawn. */
export interface WiringOptions {
  /** Its layers, on which constants of some variants depend; 8 by default. */
  readonly depth?: number;
}

/** Sizes in pixels. */
const size = {
  ...{ box: 26, sum: 18, gap: 26, lane: 46, side: 14, frame: 12, caption: 22 },
  ...{ equation: 24, letters: 14 },
} as const;

/** A part with its box, in pixels. */
interface Box extends Placed {
  readonly words: string;
  /** What stands for its constant, where it has one. */
  readonly factor: string;
  /** Its center. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const widthOf = (kind: PartKind, words: string): number =>
  kind === "sum"
    ? size.sum
    : kind === "stream" || kind === "end"
    ? 0
    : Math.ceil(textWidth(words, 12)) + 16;

/** The boxes of a wiring; columns are as wide as what stands in them. */
function boxesOf(form: WiringForm): Box[] {
  let constant = 0;
  const sized = placeParts(form).map((placed) => {
    const { part } = placed;
    const last = part.factor === undefined ? undefined : form.lastFactors[constant++];
    const words = boxWords(part, last);
    return { ...placed, words, factor: factorText(part, last), width: widthOf(part.kind, words) };
  });
  const columns = Array.from(
    { length: 1 + greatest(sized.map(({ column }) => column)) },
    (_, at) => greatest(sized.filter(({ column }) => column === at).map(({ width }) => width)),
  );
  const left = (column: number): number =>
    columns.slice(0, column).reduce((sum, width) => sum + width + size.gap, size.side + 8);
  return sized.map((one) => ({
    ...one,
    x: left(one.column) + columns[one.column]! / 2,
    y: size.caption + size.frame + 12 + one.lane * size.lane + size.box / 2,
  }));
}

/** A line to what reads a part: along its lane, and where that is in another one up or down, in the color of what flows. */
function wire(from: Box, to: Box, color: string): string {
  const [start, end] = [from.x + from.width / 2, to.x - to.width / 2];
  const draw = (path: string, x: number, y: number, turn: number): string =>
    line(path, color) + arrow(to, x, y, turn, color);
  if (from.lane === to.lane) return draw(`M${start},${from.y}H${end}`, end, to.y, 0);
  if (to.part.kind === "sum") {
    const down = from.y < to.y;
    const edge = to.y + (down ? -1 : 1) * size.sum / 2;
    return draw(`M${start},${from.y}H${to.x}V${edge}`, to.x, edge, down ? 90 : -90);
  }
  const turn = start + 6 + 5 * (from.lane % 4); // so that lines of two lanes stay apart
  return draw(`M${start},${from.y}H${turn}V${to.y}H${end}`, end, to.y, 0) +
    `<circle cx="${turn}" cy="${from.y}" r="2.5" fill="${color}"/>`;
}

const line = (d: string, color: string): string =>
  `<path d="${d}" fill="none" stroke="${color}" stroke-width="1.5"/>`;

/** The head of a line; streams that go on have none. */
const arrow = ({ part }: Box, x: number, y: number, turn: number, color: string): string =>
  part.kind === "stream"
    ? ""
    : `<path d="M0,0l-7,-3v6z" fill="${color}" transform="translate(${x},${y})rotate(${turn})"/>`;

/** The color of what flows in a lane: the lowest is the first stream, above it the branch, then further streams. */
function colorOfLane(lane: number, boxes: readonly Box[]): string {
  const above = greatest(boxes.map((box) => box.lane)) - lane;
  return termLooks[above === 0 ? "stream" : above === 1 ? "branch" : "otherStream"].line;
}

function write(words: string, x: number, y: number, color: string, anchor = "middle"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${color}">${
    escapeXml(words)
  }</text>`;
}

function drawn({ part, x, y, width, words }: Box): string {
  const { line: color, fill } = lookOf(part);
  if (part.kind === "end") return write(words, x + 6, y + 4, color, "start");
  if (part.kind === "stream") {
    return part.reads.length === 0 ? write(words, x - 5, y + 4, color, "end") : "";
  }
  if (part.kind === "sum") {
    return `<circle cx="${x}" cy="${y}" r="${size.sum / 2}" fill="${fill}" stroke="${color}"/>` +
      line(`M${x - 4},${y}h8M${x},${y - 4}v8`, color);
  }
  return `<rect x="${x - width / 2}" y="${
    y - size.box / 2
  }" width="${width}" height="${size.box}" ` +
    `rx="5" fill="${fill}" stroke="${color}"/>${write(words, x, y + 4, color)}`;
}

/** The drawing of a part, with the words that a browser shows where it is a picture of its own. */
function titled(box: Box): string {
  const { name, gives } = termTip(box.part, box.factor);
  const body = drawn(box);
  return body === "" ? "" : `<g><title>${escapeXml(`${name}: ${gives}`)}</title>${body}</g>`;
}

/** What a part says where somebody points at it. */
function tipOf({ part, factor, x, y }: Box, top: number): MarkedSeries {
  const { name, reads, gives } = termTip(part, factor);
  return { name, color: lookOf(part).line, points: [[x, y + top, reads, gives]] };
}

/** An equation, each term in the color of its part. */
function writeTerms(terms: readonly Term[], y: number): string {
  const spans = terms.map(({ words, color }) =>
    `<tspan fill="${color}">${escapeXml(words)}</tspan>`
  );
  return `<text x="${size.side}" y="${y}" font-size="${size.letters}" xml:space="preserve">${
    spans.join("")
  }</text>`;
}

/** The frame around what happens at each sub-layer, and what it is of. */
function frame({ ports }: WiringForm, boxes: readonly Box[], caption: string): string {
  const at = (part: Part): number => boxes.find((box) => box.part === part)!.x;
  const [left, right] = [at(ports.before[0]!), at(ports.after[0]!)];
  const ys = boxes.map(({ y }) => y);
  const top = least(ys) - size.box / 2 - size.frame;
  const height = greatest(ys) + size.box / 2 + size.frame - top;
  return `<rect x="${left}" y="${top}" width="${right - left}" height="${height}" rx="8" ` +
    `fill="none" stroke="${ink.axis}" stroke-dasharray="4 3"/>` +
    `<text x="${left}" y="${top - 7}" fill="${ink.muted}">${escapeXml(caption)}</text>`;
}

/** Layers in words: `all 8 layers`, `layer 3 of 8`, `layers 1 to 4 of 8`, `layers 1, 3, 5 of 8`. */
function layersText(layers: readonly number[], depth: number): string {
  const [first, last] = [layers[0]!, layers.at(-1)!];
  if (layers.length === depth) return depth === 1 ? "one layer" : `all ${depth} layers`;
  if (first === last) return `layer ${first} of ${depth}`;
  const inRow = last - first === layers.length - 1;
  return `layers ${inRow ? `${first} to ${last}` : layers.join(", ")} of ${depth}`;
}

const subLayers = { attention: "attention", feedForward: "feed-forward network" } as const;

/** What a frame is of. */
function captionOf({ layers, role }: WiringForm, depth: number): string {
  const of = role === undefined || role === "crossAttention"
    ? "each sub-layer f"
    : `f is the ${subLayers[role]}`;
  return `${of}, ${layersText(layers, depth)}`;
}

/** What ends a form: its streams, and the output of the stack where that is drawn. */
const endsOf = ({ ports, parts }: WiringForm): Part[] => [
  ...ports.after,
  ...parts.filter(({ label }) => label === "y"),
];

/** The equations of a form, each a row of terms. */
function equationsOf(form: WiringForm, boxes: readonly Box[]): Term[][] {
  const factors = new Map(boxes.map(({ part, factor }) => [part, factor]));
  return endsOf(form).map((end) => {
    const { label, reads: [value] } = end;
    const { line: color } = lookOf(end);
    return [{ words: `${label} ← `, color }, ...termsOf(value!, (one) => factors.get(one)!)];
  });
}

/** One form of a wiring as SVG, its size, its tips from a height on, and the same in words. */
function formOf(form: WiringForm, depth: number) {
  const boxes = boxesOf(form);
  const boxOf = new Map(boxes.map((box) => [box.part, box]));
  const caption = captionOf(form, depth);
  const lines = boxes.flatMap((box) =>
    box.part.reads.map((read) => {
      const from = boxOf.get(read)!;
      return wire(from, box, colorOfLane(from.lane, boxes));
    })
  );
  const bottom = greatest(boxes.map(({ y }) => y)) + size.box / 2 + size.frame;
  const equations = equationsOf(form, boxes);
  const said = endsOf(form).map(({ label, reads: [value] }) => `${label} ← ${partText(value!)}`);
  const lengths = equations.map((terms) =>
    textWidth(terms.map(({ words }) => words).join(""), size.letters) + 2 * size.side
  );
  return {
    body: [
      frame(form, boxes, caption),
      ...lines,
      ...boxes.map(titled),
      ...equations.map((terms, at) => writeTerms(terms, bottom + size.equation * (at + 1))),
    ].filter((part) => part !== ""),
    width: greatest([...boxes.map(({ x, width }) => x + width / 2 + size.side + 12), ...lengths]),
    height: bottom + size.equation * equations.length + size.side,
    tips: (top: number) =>
      boxes.filter(({ width }) => width > 0).toSorted((a, b) => a.x - b.x)
        .map((box) => tipOf(box, top)),
    words: `${caption}: ${said.join(", ")}`,
  };
}

/**
 * A residual variant's wiring: streams from left to right, the branch above the first of them, norms, constants and gates where
 * they act, and below it the equations, each term in the color of its part. Parts say what they are where a page shows tips.
 *
 * It is made by running the variant's own equations, so a variant of your own is drawn as well. Where layers are wired in several
 * ways (Mix-LN), each is drawn; constants that differ between layers are given for the first and the last one.
 *
 * @param residual The variant.
 * @param options The depth of the stack.
 * @returns The figure.
 * @throws {RangeError} If the depth is not a whole number from 1 on.
 */
export function wiringDiagram(residual: Residual, options: WiringOptions = {}): Figure {
  requireOptions("wiringDiagram()", options, { depth: "number?" });
  const depth = requireInteger("depth", options.depth ?? 8, { min: 1, max: 1000 });
  const forms = wiringForms(residual, depth).map((form) => formOf(form, depth));
  const width = Math.ceil(greatest(forms.map((form) => form.width)));
  let height = 0;
  const placed = forms.map((form) => {
    const top = height;
    height += form.height;
    return { ...form, top };
  });
  const groups = placed.map(({ top, body }) =>
    [`<g transform="translate(0,${top})">`, ...body, "</g>"].join("\n")
  );
  const series = placed.flatMap(({ top, tips }) => tips(top));
  const marks = placeMarks({ x: "reads", y: "gives", series }, {
    ...{ size: [width, height], left: 0, top: 0 },
  });
  const title = `How ${residual.label} is wired`;
  const description = [title, ...forms.map(({ words }) => words)].join("\n");
  return new Figure(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img" aria-label="${
        escapeXml(title)
      }" font-family="${fontFamily}" font-size="12" fill="${ink.text}">
<desc>${escapeXml(description)}</desc>
${marksElement(marks)}
<rect width="${width}" height="${height}" fill="${ink.card}"/>
${groups.join("\n")}
</svg>
`,
    description,
  );
}
