/**
 * Cells of a notebook as HTML: prose, code, and of each output the best form that a page can show.
 */
import { least } from "../../core/extent.ts";
import { foldIn, foldSections, type Section } from "./folds.ts";
import { escapeHtml } from "./html.ts";
import { setFormula } from "./formulas.ts";
import { highlight } from "./highlight.ts";
import { renderHtml, renderMarkdown } from "./markdown.ts";
import {
  type Bundle,
  type Cell,
  joined,
  type Notebook,
  type Output,
  textOf,
} from "../jupyter/notebook_file.ts";
import { type Heading, Outline, type Paragraph } from "./outline.ts";
import { type Picture, pictureOf, renderPicture } from "./pictures.ts";
import type { Rewrite } from "./sanitize.ts";
import { withoutEscapes } from "../jupyter/terminal.ts";

/** A notebook as parts of a page. */
export interface RenderedNotebook {
  /** The first heading, as text. */
  readonly title: string;
  /** The first heading, as HTML. */
  readonly titleHtml: string;
  /** The first paragraph, as HTML without links; where it only names a source, in italics, the second one with it. */
  readonly lead: readonly string[];
  /** All headings in order. */
  readonly headings: readonly Heading[];
  /** All pictures in order. */
  readonly pictures: readonly Picture[];
  /** The cells that show, as HTML; folded ones stand together. */
  readonly cells: readonly string[];
}

/**
 * Renders a notebook.
 *
 * Headings get the anchors that GitHub gives them, cells `cell-id=ID`, as in JupyterLab.
 *
 * @param notebook The notebook, executed.
 * @param rewrite What becomes of the address of a link; addresses stay as they are by default.
 * @param below What stands below a picture, as HTML; nothing by default.
 * @returns Its parts.
 */
export function renderNotebook(
  notebook: Notebook,
  rewrite: Rewrite = (address) => address,
  below: (picture: Picture) => string = () => "",
): RenderedNotebook {
  const outline = new Outline();
  const pictures: Picture[] = [];
  const cells = foldSections(
    notebook.cells.map((cell) => renderCell(cell, { pictures, rewrite, outline, below }))
      .filter(({ html }) => html !== ""),
  );
  const { headings } = outline;
  return {
    title: titleOf(notebook),
    titleHtml: headings.find(({ level }) => level === 1)?.html ?? escapeHtml(titleOf(notebook)),
    lead: leadOf(outline.paragraphs),
    headings,
    pictures,
    cells,
  };
}

function titleOf({ cells }: Notebook): string {
  const text = cells.filter((cell) => cell.cell_type === "markdown").map((cell) =>
    joined(cell.source)
  ).join("\n");
  return /^#[ \t]+(.+)$/m.exec(text)?.[1] ?? "Notebook";
}

function leadOf(paragraphs: readonly Paragraph[]): string[] {
  const count = paragraphs[0]?.isEmphasis ? 2 : 1;
  return paragraphs.slice(0, count).map(({ html }) => html);
}

/** What is gathered from a notebook's cells, what becomes of their links, and what stands below pictures. */
interface Parts {
  readonly outline: Outline;
  readonly pictures: Picture[];
  readonly rewrite: Rewrite;
  readonly below: (picture: Picture) => string;
}

/** The anchor of a cell, as in JupyterLab. */
const anchorOf = ({ id }: Cell): string => `cell-id=${String(id)}`;

/** A cell's HTML in its place. */
const inside = (cell: Cell, html: string): string =>
  `<div class="cell" id="${escapeHtml(anchorOf(cell))}">\n${html}\n</div>`;

function renderCell(cell: Cell, parts: Parts): Section {
  const source = joined(cell.source);
  if (cell.cell_type === "markdown") return renderProse(cell, source, parts);
  if (cell.cell_type === "raw" || source.trim() === "") return { html: "" };
  const outputs = (cell.outputs ?? [])
    .map((output) => renderOutput(output, parts, anchorOf(cell))).join("\n");
  const html = `<div class="code"><pre><code>${highlight(source)}</code></pre></div>
${outputs === "" ? "" : `<div class="outputs">\n${outputs}\n</div>`}`;
  return { html: inside(cell, html) };
}

function renderProse(cell: Cell, source: string, { rewrite, outline }: Parts): Section {
  const before = outline.headings.length;
  const folded = foldIn(cell, source);
  const first = renderMarkdown(folded?.heading ?? source, rewrite, outline);
  const rest = folded === undefined ? "" : renderMarkdown(folded.rest, rewrite, outline);
  const own = outline.headings.slice(before);
  if (own.length === 0) return { html: inside(cell, first + rest) };
  const level = least(own.map(({ level }) => level));
  if (folded === undefined) return { html: inside(cell, first), level };
  const { id } = own[0]!;
  return {
    html: inside(cell, rest),
    ...{ level, fold: { heading: first.replace(` id="${id}"`, ""), id } },
  };
}

function plain(text: string, kind = ""): string {
  const bare = withoutEscapes(text).trimEnd();
  return `<pre${kind === "" ? "" : ` class="${kind}"`}>${escapeHtml(bare)}</pre>`;
}

function renderOutput(output: Output, parts: Parts, anchor: string): string {
  if (output.output_type === "stream") return plain(joined(output.text));
  if (output.output_type === "error") {
    return plain(output.traceback.join("\n") || output.evalue, "error");
  }
  const picture = pictureOf(output.data, output.metadata);
  if (picture === undefined) return renderBundle(output.data, parts);
  parts.pictures.push(picture);
  return renderPicture(picture, anchor) + parts.below(picture);
}

/** Renders the best representation that is not a picture. */
function renderBundle(data: Bundle, { rewrite, outline }: Parts): string {
  const html = textOf(data, "text/html");
  if (html !== undefined) return renderHtml(html, rewrite, outline);
  const markdown = textOf(data, "text/markdown");
  if (markdown !== undefined) return renderMarkdown(markdown, rewrite, outline);
  const latex = textOf(data, "text/latex");
  if (latex !== undefined) return setFormula(withoutDollars(latex), true);
  return plain(textOf(data, "text/plain") ?? "");
}

function withoutDollars(latex: string): string {
  let [start, end] = [0, latex.length];
  while (latex[start] === "$") start++;
  while (end > start && latex[end - 1] === "$") end--;
  return latex.slice(start, end);
}
