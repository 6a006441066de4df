/**
 * A notebook as one self-contained HTML page: nothing is loaded from elsewhere.
 */
import { type Cell, joined, type Notebook, type Output } from "./notebook_file.ts";
import { escapeHtml, highlight, mathStyle, renderMarkdown, renderMath } from "./markdown.ts";
import { pageStyle } from "./page_style.ts";

/**
 * A notebook as a page.
 *
 * @param notebook The notebook, executed.
 * @param footer A line at the end, such as how the page was made.
 * @returns HTML with styles, fonts and pictures inside.
 */
export async function notebookPage(notebook: Notebook, footer = ""): Promise<string> {
  const body = notebook.cells.map(renderCell).join("\n");
  const styles = body.includes('class="katex"') ? `${await mathStyle()}${pageStyle}` : pageStyle;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(titleOf(notebook))}</title>
<style>${styles}</style>
</head>
<body>
<main>
${body}
${footer === "" ? "" : `<footer><p><small>${escapeHtml(footer)}</small></p></footer>`}
</main>
</body>
</html>
`;
}

function titleOf({ cells }: Notebook): string {
  const text = cells.filter((cell) => cell.cell_type === "markdown").map((cell) =>
    joined(cell.source)
  ).join("\n");
  return /^#\s+(.+)$/m.exec(text)?.[1] ?? "Notebook";
}

function renderCell(cell: Cell): string {
  const source = joined(cell.source);
  if (cell.cell_type === "markdown") return renderMarkdown(source);
  if (cell.cell_type === "raw" || source.trim() === "") return "";
  const outputs = (cell.outputs ?? []).map(renderOutput).join("\n");
  return `<div class="code"><pre><code>${highlight(source)}</code></pre></div>
${outputs === "" ? "" : `<div class="outputs">\n${outputs}\n</div>`}`;
}

function plain(text: string, kind = ""): string {
  // deno-lint-ignore no-control-regex
  const bare = text.replaceAll(/\u001b\[[0-9;]*m/g, "").trimEnd();
  return `<pre${kind === "" ? "" : ` class="${kind}"`}>${escapeHtml(bare)}</pre>`;
}

function renderOutput(output: Output): string {
  if (output.output_type === "stream") return plain(joined(output.text));
  if (output.output_type === "error") {
    return plain(output.traceback.join("\n") || output.evalue, "error");
  }
  return renderBundle(output.data);
}

/** Renders the best representation that a page can show. */
function renderBundle(data: Record<string, unknown>): string {
  const text = (type: string): string | undefined => {
    const value = data[type];
    return value === undefined ? undefined : joined(value as string | string[]);
  };
  const alternative = text("text/plain") ?? "";
  const picture = (url: string, alt: string): string =>
    `<figure><img src="${url}" alt="${escapeHtml(alt)}"></figure>`;
  const svg = text("image/svg+xml");
  if (svg !== undefined) {
    const label = /aria-label="([^"]*)"/.exec(svg)?.[1];
    return `<figure><img src="data:image/svg+xml;base64,${
      new TextEncoder().encode(svg).toBase64()
    }" alt="${label ?? escapeHtml(alternative)}"></figure>`;
  }
  const png = text("image/png");
  if (png !== undefined) {
    return picture(`data:image/png;base64,${png.replaceAll(/\s/g, "")}`, alternative);
  }
  const html = text("text/html");
  if (html !== undefined) return html;
  const markdown = text("text/markdown");
  if (markdown !== undefined) return renderMarkdown(markdown);
  const latex = text("text/latex");
  if (latex !== undefined) {
    return `<span class="math">${renderMath(latex.replaceAll(/^\$+|\$+$/g, ""), true)}</span>`;
  }
  return plain(alternative);
}
