/**
 * A notebook as one self-contained HTML page: nothing is loaded from elsewhere.
 */
import type { Notebook } from "../jupyter/notebook_file.ts";
import { escapeHtml } from "./html.ts";
import { mathStyle } from "./formulas.ts";
import { headScript, pageScript, tipScript } from "./page_script.ts";
import { pageStyle } from "./page_style.ts";
import type { Heading } from "./outline.ts";
import { type RenderedNotebook, renderNotebook } from "./render.ts";
import type { Rewrite } from "./sanitize.ts";
import { securityPolicy } from "./security_policy.ts";

/** Another page. */
export interface PageLink {
  /** Where it is, relative to the page that links to it. */
  readonly address: string;
  /** Its title, as HTML. */
  readonly html: string;
}

/** What stands around a notebook on its page. */
export interface PageOptions {
  /** A line at the end, such as how the page was made. */
  readonly footer?: string;
  /** The pages that the top line names; the first is that of all notebooks. */
  readonly top?: readonly PageLink[];
  /** What of this notebook can be tried on a page that computes. */
  readonly trials?: readonly PageLink[];
  /** The page's module and the style of what it shows, where parts of the page compute. */
  readonly live?: Pick<PageParts, "module" | "style">;
  /** What stands below the title, as HTML. */
  readonly underTitle?: string;
  /** What stands at the end, before the way to other pages, as HTML. */
  readonly end?: string;
  /** The page before this one. */
  readonly previous?: PageLink;
  /** The page after this one. */
  readonly next?: PageLink;
  /** What becomes of the address of a link; addresses stay as they are by default. */
  readonly rewrite?: Rewrite;
}

/** The parts of a whole page. */
export interface PageParts {
  /** The title, as text. */
  readonly title: string;
  /** One sentence on the page, for search engines and link previews. */
  readonly description?: string;
  /** What stands in the top line, as HTML. */
  readonly bar?: string;
  /** What stands before the main text, as HTML. */
  readonly before?: string;
  /** The main text, as HTML. */
  readonly main: string;
  /** Styles besides those of every page. */
  readonly style?: string;
  /** A line at the end. */
  readonly footer?: string;
  /** A script of the page's own, without an end of its element; none by default. */
  readonly ownScript?: string;
  /** The address of the page's module, where it computes; none by default. */
  readonly module?: string;
}

/**
 * A whole page: head, styles, scripts, and the button for light and dark. Its policy lets nothing else run or load.
 *
 * @param parts What stands on it.
 * @returns HTML with everything inside.
 */
export async function wholePage(parts: PageParts): Promise<string> {
  const { title, description = "", bar = "", before = "", main, style = "", footer = "" } = parts;
  const { module, ownScript } = parts;
  const all = before + main;
  const math = all.includes('class="katex"') ? await mathStyle(all) : "";
  const sheet = `${math}${pageStyle}${style}`;
  const script = `${pageScript}${all.includes("<figure") ? tipScript : ""}`;
  const policy = await securityPolicy(
    [headScript, script, ...(ownScript === undefined ? [] : [ownScript])],
    [sheet],
    module !== undefined,
  );
  const meta = description === ""
    ? ""
    : `<meta name="description" content="${escapeHtml(description)}">\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
${meta}<link rel="icon" href="data:,">
<style>${sheet}</style>
<script>${headScript}</script>
</head>
<body>
<a class="skip" href="#page:main">Skip to the text</a>
<header class="bar">${bar}<button class="theme" type="button" title="Change between light and dark" hidden>${icon}<span>Dark</span></button></header>
<div class="layout">
${before}
<main id="page:main">
${main}
${footer === "" ? "" : `<footer><p>${escapeHtml(footer)}</p></footer>`}
</main>
</div>
<script>${script}</script>${
    ownScript === undefined ? "" : `\n<script type="module">${ownScript}</script>`
  }${module === undefined ? "" : `\n<script type="module" src="${escapeHtml(module)}"></script>`}
</body>
</html>
`;
}

const icon =
  '<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><circle cx="7" cy="7" r="6" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M7 1a6 6 0 0 1 0 12z" fill="currentColor"/></svg>';

/**
 * A notebook as a page.
 *
 * @param notebook The notebook, executed.
 * @param options What stands around it.
 * @returns HTML with styles, fonts, scripts and pictures inside.
 */
export async function notebookPage(
  notebook: Notebook,
  options: PageOptions = {},
): Promise<string> {
  return await renderedPage(renderNotebook(notebook, options.rewrite), options);
}

/**
 * A rendered notebook as a page.
 *
 * @param rendered The notebook's parts.
 * @param options What stands around it.
 * @returns HTML with styles, fonts, scripts and pictures inside.
 */
export async function renderedPage(
  rendered: RenderedNotebook,
  options: Omit<PageOptions, "rewrite">,
): Promise<string> {
  const { top = [], trials = [], live = {}, underTitle = "", end = "" } = options;
  const { previous, next, footer = "" } = options;
  const pager = [link(previous, "prev", "Before"), link(next, "next", "Next")].join("");
  const [head = "", ...cells] = rendered.cells;
  return await wholePage({
    title: rendered.title,
    bar: barHtml(top),
    before: contents(rendered.headings),
    main: [
      head,
      underTitle,
      ...(trials.length === 0 ? [] : [trialsHtml(trials)]),
      ...cells,
      end,
      ...(pager === "" ? [] : [`<nav class="pager" aria-label="Other pages">${pager}</nav>`]),
    ].filter((part) => part !== "").join("\n"),
    ...{ footer, ...live },
  });
}

const linkHtml = ({ address, html }: PageLink, more = ""): string =>
  `<a href="${escapeHtml(address)}"${more}>${html}</a>`;

/**
 * The top line of a page.
 *
 * @param pages The pages that it names.
 * @param current The address of the page itself, where it is one of them.
 * @returns HTML.
 */
export function barHtml(pages: readonly PageLink[], current?: string): string {
  if (pages.length === 0) return "";
  const links = pages.map((page) =>
    linkHtml(page, page.address === current ? ' aria-current="page"' : "")
  );
  return `<nav aria-label="Pages">${links.join("")}</nav>`;
}

/** What of a notebook can be tried. */
function trialsHtml(trials: readonly PageLink[]): string {
  const items = trials.map((trial) => `<li>${linkHtml(trial)}</li>`);
  return `<aside class="trials" aria-labelledby="page:trials">
<h2 id="page:trials">Try it here, in your browser</h2>
<ul>${items.join("\n")}</ul>
</aside>`;
}

function link(page: PageLink | undefined, rel: string, word: string): string {
  if (page === undefined) return "";
  return `<a rel="${rel}" href="${
    escapeHtml(page.address)
  }"><small>${word}</small> ${page.html}</a>`;
}

/** The contents: sections and their parts. */
function contents(headings: readonly Heading[]): string {
  const listed = headings.filter(({ level }) => level === 2 || level === 3);
  if (listed.length < 3) return "";
  const items = listed.map(({ level, id, html }) =>
    `<li class="level-${level}"><a href="#${id}">${html}</a></li>`
  );
  return `<nav class="contents" aria-label="Contents"><details><summary>Contents</summary>
<ol>
${items.join("\n")}
</ol></details></nav>`;
}
