/**
 * Cells of a notebook as HTML: prose, code, and of each output the best form that a page can show.
 */
import { type Bundle, type Cell, joined, type Notebook, type Output } from "./notebook_file.ts";
import { escapeHtml, highlight, renderMarkdown, renderMath } from "./markdown.ts";

/** Where the values behind a picture lie in an output; `lib/plots/marks.ts` says what they are. */
const marksType = "application/vnd.normkit.marks+json";

/** A picture as pages show it. */
export interface Picture {
  /** A data URL. */
  readonly url: string;
  /** What it shows, in words. */
  readonly alternative: string;
  /** Width and height in pixels, where the notebook says so. */
  readonly size?: readonly [width: number, height: number];
  /** The values behind it, for tips. */
  readonly marks?: unknown;
}

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
  rewrite: (address: string) => string = (address) => address,
): RenderedNotebook {
  const headings: Heading[] = [];
  const pictures: Picture[] = [];
  const plainBody = notebook.cells.map((cell) => renderCell(cell, pictures)).join("\n");
  const linked = plainBody.replaceAll(
    /(<a href=")([^"]*)"/g,
    (_, start, address) => `${start}${rewrite(address)}"`,
  );
  const body = linked.replaceAll(/<h([1-6])>([\s\S]*?)<\/h\1>/g, (_, level, inner) => {
    const heading = { level: Number(level), id: anchor(inner, headings), html: unlinked(inner) };
    headings.push(heading);
    const link = `<a class="anchor" href="#${heading.id}" aria-label="Link to this section">#</a>`;
    return `<h${level} id="${heading.id}">${inner} ${link}</h${level}>`;
  });
  return {
    title: titleOf(notebook),
    titleHtml: headings.find(({ level }) => level === 1)?.html ?? titleOf(notebook),
    lead: leadOf(unlinked(linked)),
    headings,
    pictures,
    body,
  };
}

function titleOf({ cells }: Notebook): string {
  const text = cells.filter((cell) => cell.cell_type === "markdown").map((cell) =>
    joined(cell.source)
  ).join("\n");
  return /^#\s+(.+)$/m.exec(text)?.[1] ?? "Notebook";
}

function leadOf(html: string): string[] {
  const [first, second] = [...html.matchAll(/<p>([\s\S]*?)<\/p>/g)].map(([, inner]) => inner!);
  if (first === undefined) return [];
  const onlySource = /^<em>[\s\S]*<\/em>$/.test(first) && second !== undefined;
  return onlySource ? [first, second] : [first];
}

const unlinked = (html: string): string => html.replaceAll(/<\/?a\b[^>]*>/g, "");

/** The anchor that GitHub gives a heading: lower case, without punctuation, spaces as hyphens; repeats are numbered. */
function anchor(html: string, before: readonly Heading[]): string {
  const text = html
    .replaceAll(/<annotation[^>]*>[\s\S]*?<\/annotation>|<[^>]*>|&#?\w+;/g, "")
    .trim().toLowerCase();
  const slug = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-") || "section";
  for (let repeat = 0;; repeat++) {
    const id = repeat === 0 ? slug : `${slug}-${repeat}`;
    if (!before.some((heading) => heading.id === id)) return id;
  }
}

function renderCell(cell: Cell, pictures: Picture[]): string {
  const source = joined(cell.source);
  const inside = (html: string): string =>
    `<div class="cell" id="cell-id=${escapeHtml(cell.id)}">\n${html}\n</div>`;
  if (cell.cell_type === "markdown") return inside(renderMarkdown(source));
  if (cell.cell_type === "raw" || source.trim() === "") return "";
  const outputs = (cell.outputs ?? []).map((output) => renderOutput(output, pictures)).join("\n");
  return inside(
    `<div class="code"><pre><code>${highlight(source)}</code></pre></div>
${outputs === "" ? "" : `<div class="outputs">\n${outputs}\n</div>`}`,
  );
}

function plain(text: string, kind = ""): string {
  // deno-lint-ignore no-control-regex
  const bare = text.replaceAll(/\u001b\[[0-9;]*m/g, "").trimEnd();
  return `<pre${kind === "" ? "" : ` class="${kind}"`}>${escapeHtml(bare)}</pre>`;
}

function renderOutput(output: Output, pictures: Picture[]): string {
  if (output.output_type === "stream") return plain(joined(output.text));
  if (output.output_type === "error") {
    return plain(output.traceback.join("\n") || output.evalue, "error");
  }
  const picture = pictureOf(output.data, output.metadata);
  if (picture === undefined) return renderBundle(output.data);
  pictures.push(picture);
  return renderPicture(picture);
}

function textOf(data: Bundle, type: string): string | undefined {
  const value = data[type];
  return value === undefined ? undefined : joined(value as string | string[]);
}

/** The picture of an output, SVG before PNG. */
function pictureOf(data: Bundle, metadata: Record<string, unknown>): Picture | undefined {
  const words = textOf(data, "text/plain") ?? "";
  const marks = data[marksType] === undefined ? {} : { marks: data[marksType] };
  const svg = textOf(data, "image/svg+xml");
  if (svg !== undefined) {
    const [, width, height] = /<svg[^>]*?width="([\d.]+)"[^>]*?height="([\d.]+)"/.exec(svg) ?? [];
    const label = unescapeHtml(/aria-label="([^"]*)"/.exec(svg)?.[1] ?? "");
    const bare = svg.replace(/<metadata>[^<]*<\/metadata>\n?/, "");
    return {
      url: `data:image/svg+xml;base64,${new TextEncoder().encode(bare).toBase64()}`,
      alternative: words.startsWith(label) ? words : label,
      ...(width === undefined ? {} : { size: [Number(width), Number(height)] as const }),
      ...marks,
    };
  }
  const png = textOf(data, "image/png");
  if (png === undefined) return undefined;
  const size = metadata["image/png"] as { width?: number; height?: number } | undefined;
  return {
    url: `data:image/png;base64,${png.replaceAll(/\s/g, "")}`,
    alternative: words,
    ...(size?.width && size.height ? { size: [size.width, size.height] as const } : {}),
    ...marks,
  };
}

function unescapeHtml(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
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

/** A picture on its card, at most as wide as it was drawn, with its values where it has them. */
function renderPicture(picture: Picture): string {
  const image = renderImage(picture);
  const width = picture.size === undefined ? "" : ` style="--drawn: ${picture.size[0]}px"`;
  if (picture.marks === undefined) {
    return `<figure class="chart"><div class="card"${width}>${image}</div></figure>`;
  }
  const [title = ""] = picture.alternative.split("\n");
  const json = JSON.stringify(picture.marks).replaceAll("<", "\\u003c");
  return `<figure class="chart"><div class="card"${width} tabindex="0" role="group" aria-label="Chart: ${
    escapeHtml(title)
  }. Arrow keys move from value to value.">${image}<script type="application/json">${json}</script></div></figure>`;
}

/** Renders the best representation that is not a picture. */
function renderBundle(data: Bundle): string {
  const html = textOf(data, "text/html");
  if (html !== undefined) return html;
  const markdown = textOf(data, "text/markdown");
  if (markdown !== undefined) return renderMarkdown(markdown);
  const latex = textOf(data, "text/latex");
  if (latex !== undefined) {
    return `<span class="math">${renderMath(latex.replaceAll(/^\$+|\$+$/g, ""), true)}</span>`;
  }
  return plain(textOf(data, "text/plain") ?? "");
}
