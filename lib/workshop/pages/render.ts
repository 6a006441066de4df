/**
 * Cells of a notebook as HTML: prose, code, and of each output the best form that a page can show.
 */
import { Anchors } from "./anchors.ts";
import { escapeHtml } from "./html.ts";
import { highlight, renderHtml, renderMarkdown, setFormula } from "./markdown.ts";
import {
  type Bundle,
  type Cell,
  joined,
  type Notebook,
  type Output,
  textOf,
} from "../jupyter/notebook_file.ts";
import { type Picture, pictureOf, renderPicture } from "./pictures.ts";
import type { Rewrite } from "./sanitize.ts";
import { withoutEscapes } from "../jupyter/terminal.ts";

/** A heading of a page. */
export interface Heading {
  /** 1 to 6. */
  readonly level: number;
  /** Its anchor. */
  readonly id: string;
  /** Its words as HTML, without links. */
  readonly html: string;
}

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
  /** The cells as HTML. */
  readonly body: string;
}

/**
 * Renders a notebook.
 *
 * Headings get the anchors that GitHub gives them, cells `cell-id=ID`, as in JupyterLab.
 *
 * @param notebook The notebook, executed.
 * @param rewrite What becomes of the address of a link; addresses stay as they are by default.
 * @returns Its parts.
 */
export function renderNotebook(
  notebook: Notebook,
  rewrite: Rewrite = (address) => address,
): RenderedNotebook {
  const headings: Heading[] = [];
  const anchors = new Anchors();
  const pictures: Picture[] = [];
  const cells = notebook.cells.map((cell) => renderCell(cell, pictures, rewrite)).join("\n");
  const body = cells.replaceAll(/<h([1-6])>([\s\S]*?)<\/h\1>/g, (_, level, inner) => {
    const heading = { level: Number(level), id: anchors.next(inner), html: unlinked(inner) };
    headings.push(heading);
    const link = `<a class="anchor" href="#${heading.id}" aria-label="Link to this section">#</a>`;
    return `<h${level} id="${heading.id}">${inner} ${link}</h${level}>`;
  });
  return {
    title: titleOf(notebook),
    titleHtml: headings.find(({ level }) => level === 1)?.html ?? escapeHtml(titleOf(notebook)),
    lead: leadOf(unlinked(cells)),
    headings,
    pictures,
    body,
  };
}

function titleOf({ cells }: Notebook): string {
  const text = cells.filter((cell) => cell.cell_type === "markdown").map((cell) =>
    joined(cell.source)
  ).join("\n");
  return /^#[ \t]+(.+)$/m.exec(text)?.[1] ?? "Notebook";
}

function leadOf(html: string): string[] {
  const [first, second] = [...html.matchAll(/<p>([\s\S]*?)<\/p>/g)].map(([, inner]) => inner!);
  if (first === undefined) return [];
  const onlySource = /^<em>[\s\S]*<\/em>$/.test(first) && second !== undefined;
  return onlySource ? [first, second] : [first];
}

const unlinked = (html: string): string => html.replaceAll(/<\/?a\b[^>]*>/g, "");

function renderCell(cell: Cell, pictures: Picture[], rewrite: Rewrite): string {
  const source = joined(cell.source);
  const inside = (html: string): string =>
    `<div class="cell" id="cell-id=${escapeHtml(String(cell.id))}">\n${html}\n</div>`;
  if (cell.cell_type === "markdown") return inside(renderMarkdown(source, rewrite));
  if (cell.cell_type === "raw" || source.trim() === "") return "";
  const outputs = (cell.outputs ?? [])
    .map((output) => renderOutput(output, pictures, rewrite)).join("\n");
  return inside(
    `<div class="code"><pre><code>${highlight(source)}</code></pre></div>
${outputs === "" ? "" : `<div class="outputs">\n${outputs}\n</div>`}`,
  );
}

function plain(text: string, kind = ""): string {
  const bare = withoutEscapes(text).trimEnd();
  return `<pre${kind === "" ? "" : ` class="${kind}"`}>${escapeHtml(bare)}</pre>`;
}

function renderOutput(output: Output, pictures: Picture[], rewrite: Rewrite): string {
  if (output.output_type === "stream") return plain(joined(output.text));
  if (output.output_type === "error") {
    return plain(output.traceback.join("\n") || output.evalue, "error");
  }
  const picture = pictureOf(output.data, output.metadata);
  if (picture === undefined) return renderBundle(output.data, rewrite);
  pictures.push(picture);
  return renderPicture(picture);
}

/** Renders the best representation that is not a picture. */
function renderBundle(data: Bundle, rewrite: Rewrite): string {
  const html = textOf(data, "text/html");
  if (html !== undefined) return renderHtml(html, rewrite);
  const markdown = textOf(data, "text/markdown");
  if (markdown !== undefined) return renderMarkdown(markdown, rewrite);
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
