/**
 * Sections that are folded until a reader opens them, such as proofs: a heading that JupyterLab would show collapsed, with all that
 * is under it.
 */
import type { Cell } from "../jupyter/notebook_file.ts";

/** A cell of a page, or a section of several. */
export interface Section {
  /** What it shows. */
  readonly html: string;
  /** Of a cell that has headings: the level of the highest, from 1. */
  readonly level?: number;
  /** Of a cell that begins a fold: its heading and the anchor of that. */
  readonly fold?: { readonly heading: string; readonly id: string };
}

/** Where JupyterLab says that a heading's section is collapsed. */
const collapsed = "jp-MarkdownHeadingCollapsed";

/**
 * The heading of a cell that begins a fold, and the rest of the cell.
 *
 * @param cell The cell.
 * @param source Its text.
 * @returns Markdown of both; undefined where the cell is no fold, or does not begin with a heading.
 */
export function foldIn(
  { metadata }: Cell,
  source: string,
): { readonly heading: string; readonly rest: string } | undefined {
  if (Object(metadata)[collapsed] !== true) return undefined;
  const [, heading, rest = ""] = /^\s*(#{1,6}[ \t][^\n]*)(?:\n([^]*))?$/.exec(source) ?? [];
  return heading === undefined ? undefined : { heading, rest };
}

/**
 * Puts what is under each folded heading into it.
 *
 * @param cells The cells of a page in order.
 * @returns The sections as HTML. A fold ends before the next cell with a heading of its level or a higher one.
 */
export function foldSections(cells: readonly Section[]): string[] {
  const sections: string[] = [];
  for (let at = 0; at < cells.length; at++) {
    const { fold, html, level } = cells[at]!;
    if (fold === undefined) {
      sections.push(html);
      continue;
    }
    let end = at + 1;
    while (end < cells.length && (cells[end]!.level ?? Infinity) > level!) end++;
    sections.push(foldHtml(fold, [html, ...foldSections(cells.slice(at + 1, end))]));
    at = end - 1;
  }
  return sections;
}

/**
 * The anchor is inside, so that a browser that is sent there opens the fold by itself; and so is the link to it, since what is clicked
 * to open may hold no other link.
 */
function foldHtml({ heading, id }: NonNullable<Section["fold"]>, inside: string[]): string {
  const link = /<a class="anchor"[^>]*>#<\/a>/.exec(heading)?.[0] ?? "";
  return `<details class="fold"><summary>${heading.replace(link, "")}</summary>
<div class="folded" id="${id}">
${link}
${inside.join("\n")}
</div></details>`;
}
