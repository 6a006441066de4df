/**
 * Markdown with mathematics to HTML by markdown-it, whose time grows as its text does. The result is safe whoever wrote the text.
 */
import MarkdownIt from "markdown-it";
import { formulaElement } from "./formulas.ts";
import { highlight } from "./highlight.ts";
import { escapeHtml } from "./html.ts";
import { Outline } from "./outline.ts";
import { type Rewrite, sanitize } from "./sanitize.ts";

/** The most punctuation, signs and blanks in a text that is read as Markdown: what a parser's work is about. */
const mostSigns = 100_000;

/** The most tags in the HTML of one cell or output that is shown as such. */
const mostTags = 20_000;

/** How deep quotes and lists may be nested; markdown-it leaves out what is deeper. */
const deepest = 100;

const markdown = new MarkdownIt({ html: true, linkify: true }).set({ maxNesting: deepest });
markdown.validateLink = () => true; // sanitize() checks addresses, after they are rewritten

/** `$…$` in a line, `$$…$$` over any number of them. Formulas stay TeX until the HTML around them is safe. */
const formulas = {
  display: /\$\$([^]+?)\$\$/y,
  inline: /\$((?:\\.|[^$\\\n])+?)\$/y,
} as const;

markdown.inline.ruler.before("escape", "formula", (state, silent) => {
  if (state.src[state.pos] !== "$") return false;
  for (const kind of ["display", "inline"] as const) {
    const pattern = formulas[kind];
    pattern.lastIndex = state.pos;
    const [raw, formula] = pattern.exec(state.src) ?? [];
    if (raw === undefined) continue;
    if (!silent) Object.assign(state.push("formula", "", 0), { content: formula, info: kind });
    state.pos += raw.length;
    return true;
  }
  return false;
});

/** Tasks of a list are signs, and not elements of a form. */
markdown.core.ruler.push("tasks", ({ tokens }) => {
  for (const [index, { type, children }] of tokens.entries()) {
    const first = children?.[0];
    if (type !== "inline" || first === undefined) continue;
    if (tokens[index - 2]?.type !== "list_item_open") continue;
    first.content = first.content.replace(/^\[ \] /, "☐ ").replace(/^\[x\] /i, "☑ ");
  }
});

type Token = ReturnType<typeof markdown.parse>[number];

const { rules } = markdown.renderer;
rules["formula"] = (tokens, index) => formulaElement(tokens[index]!.content, tokens[index]!.info);
rules["fence"] = rules["code_block"] = (tokens, index) => {
  const { content, info } = tokens[index]!;
  const code = highlight(content.replace(/\n$/, ""), info.trim().split(/\s/)[0] || "text");
  return `<div class="code"><pre><code>${code}</code></pre></div>\n`;
};
/** Whether a cell of a table has nothing in it, seen from its start or its end: such a corner is the head of nothing. */
const isEmpty = (content: Token | undefined): boolean => content?.content === "";
rules["th_open"] = rules["td_open"] = (tokens, index) => {
  const { tag: ownTag, attrs } = tokens[index]!;
  const tag = isEmpty(tokens[index + 1]) ? "td" : ownTag;
  const [, align] = /text-align:(\w+)/.exec(String(attrs)) ?? [];
  return align === undefined ? `<${tag}>` : `<${tag} align="${align}">`;
};
rules["th_close"] = (tokens, index) => isEmpty(tokens[index - 1]) ? "</td>\n" : "</th>\n";

/**
 * Markdown as HTML, whoever wrote it; tables scroll by themselves where they are wider than the page.
 *
 * @param text Markdown with `$…$` and `$$…$$`; it is shown as it is where it has more than a hundred thousand signs or quotes
 * and lists are nested too deep, or where its HTML has more than twenty thousand tags.
 * @param rewrite What becomes of the address of a link.
 * @param outline Where its headings are noted.
 * @returns HTML.
 */
export function renderMarkdown(text: string, rewrite: Rewrite, outline?: Outline): string {
  if ((text.match(/[^\p{L}\p{N}+/]/gu) ?? []).length > mostSigns) return asSource(text);
  const tokens = markdown.parse(text, {});
  if (tokens.some(({ level }) => level >= deepest - 1)) return asSource(text);
  return htmlOrSource(markdown.renderer.render(tokens, markdown.options, {}), text, {
    rewrite,
    outline,
  });
}

/**
 * HTML as a page shows it, whoever wrote it.
 *
 * @param html Any HTML; it is shown as it is where it has more than twenty thousand tags.
 * @param rewrite What becomes of the address of a link.
 * @param outline Where its headings are noted.
 * @returns HTML.
 */
export function renderHtml(html: string, rewrite: Rewrite, outline?: Outline): string {
  return htmlOrSource(html, html, { rewrite, outline });
}

function htmlOrSource(
  html: string,
  source: string,
  { rewrite, outline = new Outline() }: { rewrite: Rewrite; outline: Outline | undefined },
): string {
  if (html.split("<").length > mostTags) return asSource(source);
  return outline.add(sanitize(html, rewrite));
}

const asSource = (text: string): string => `<pre>${escapeHtml(text)}</pre>`;
