/**
 * Markdown with mathematics to HTML: marked for the prose, KaTeX for `$…$` and `$$…$$`, highlight.js for
 * code. The result is safe whoever wrote the text, and loads nothing: KaTeX's fonts are put into its style sheet.
 */
import hljs from "highlight.js";
import katex from "katex";
import { Marked, Tokenizer, type TokenizerAndRendererExtension, type Tokens } from "marked";
import { escapeHtml, unescapeHtml } from "./html.ts";
import { type Rewrite, sanitize } from "./sanitize.ts";

// What follows bounds the parsers, each of which takes time that grows with the square of some texts.

/** The longest run of letters or of blanks in code that is colored, in characters. */
const longestColoredRun = 1000;

/** How far ahead the rules for text, addresses and emphasis look in Markdown, in characters. */
const lookahead = 2000;

/** The most tags in the HTML of one cell or output that is shown as such. */
const mostTags = 20_000;

/** The longest formula that is set, in characters. */
const longestFormula = 5_000;

/**
 * Code with its words colored.
 *
 * @param code The text.
 * @param language Its language; one that is not known stays plain, as does code with more than a thousand characters
 * or blanks in a row.
 * @returns HTML.
 */
export function highlight(code: string, language = "typescript"): string {
  const isColored = hljs.getLanguage(language) !== undefined &&
    (code.match(/\s+|\S+/g) ?? []).every(({ length }) => length <= longestColoredRun);
  return isColored ? hljs.highlight(code, { language }).value : escapeHtml(code);
}

/**
 * A formula as HTML.
 *
 * @param formula TeX without dollar signs.
 * @param displayMode Whether it stands on a line of its own.
 * @returns HTML; a formula that KaTeX cannot read is shown in red, one that is too long or too deep for it as code.
 */
export function renderMath(formula: string, displayMode: boolean): string {
  const asCode = `<code>${escapeHtml(formula)}</code>`;
  if (formula.length > longestFormula) return asCode;
  return unlessTooDeep(() =>
    katex.renderToString(formula, {
      displayMode,
      throwOnError: false,
      output: "htmlAndMathml",
      errorColor: "var(--red)",
      trust: false,
      strict: "ignore", // or else what LaTeX would not take is said on the console
      maxSize: 50, // em: a rule of any size could cover the page
    }), asCode);
}

/** What a recursive parser makes of a text, or something else where the text is nested beyond the stack. */
function unlessTooDeep(parse: () => string, otherwise: string): string {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return otherwise;
  }
}

/** marked's rules that look ahead to a paragraph's end, with an end nearby. */
class BoundedTokenizer extends Tokenizer {
  /** Plain text up to the next formula, at most up to the last blank that is near enough. */
  override inlineText(rest: string): Tokens.Text | undefined {
    const near = rest.slice(0, lookahead);
    const formula = near.indexOf("$", 1);
    const blank = near.length < rest.length ? near.lastIndexOf(" ") : -1;
    const end = [formula, blank].find((at) => at > 0) ?? near.length;
    return super.inlineText(rest.slice(0, end));
  }

  override url(rest: string): Tokens.Link | undefined {
    return super.url(rest.slice(0, lookahead));
  }

  override emStrong(
    rest: string,
    masked: string,
    before?: string,
  ): Tokens.Em | Tokens.Strong | undefined {
    const near = (text: string): string => text.slice(-rest.length).slice(0, lookahead);
    return super.emStrong(near(rest), near(masked), before);
  }
}

/** Formulas stay TeX, in elements of their own, until the HTML around them is safe; {@link typeset} sets them. */
function mathExtension(
  name: "math-inline" | "math-display",
  pattern: RegExp,
): TokenizerAndRendererExtension {
  return {
    name,
    level: "inline",
    tokenizer: (text) => {
      const match = pattern.exec(text);
      return match === null ? undefined : { type: name, raw: match[0], formula: match[1]! };
    },
    renderer: (token) => `<${name}>${escapeHtml(String(token["formula"]).trim())}</${name}>`,
  };
}

const marked = new Marked({
  gfm: true,
  renderer: {
    code: ({ text, lang }) =>
      `<div class="code"><pre><code>${highlight(text, lang || "text")}</code></pre></div>\n`,
    checkbox: ({ checked }) => checked ? "☑ " : "☐ ",
  },
  extensions: [
    mathExtension("math-display", /^\$\$([\s\S]+?)\$\$/),
    mathExtension("math-inline", /^\$((?:\\.|[^$\\\n])+?)\$/),
  ],
}).setOptions({ tokenizer: new BoundedTokenizer() });

/**
 * Markdown as HTML, whoever wrote it; tables scroll by themselves where they are wider than the page.
 *
 * @param text Markdown with `$…$` and `$$…$$`; it is shown as it is where quotes or lists are nested too deep, or where
 * its HTML has more than twenty thousand tags.
 * @param rewrite What becomes of the address of a link.
 * @returns HTML.
 */
export function renderMarkdown(text: string, rewrite: Rewrite): string {
  return unlessTooDeep(
    () => htmlOrSource(marked.parse(text, { async: false }), text, rewrite),
    asSource(text),
  );
}

/**
 * HTML as a page shows it, whoever wrote it.
 *
 * @param html Any HTML; it is shown as it is where it has more than twenty thousand tags.
 * @param rewrite What becomes of the address of a link.
 * @returns HTML.
 */
export function renderHtml(html: string, rewrite: Rewrite): string {
  return htmlOrSource(html, html, rewrite);
}

function htmlOrSource(html: string, source: string, rewrite: Rewrite): string {
  if (html.split("<").length > mostTags) return asSource(source);
  return typeset(sanitize(html, rewrite))
    .replaceAll(/<table\b[^>]*>/g, '<div class="scroll">$&')
    .replaceAll("</table>", "</table></div>");
}

const asSource = (text: string): string => `<pre>${escapeHtml(text)}</pre>`;

/** Safe HTML with its formulas set. */
function typeset(html: string): string {
  return html.replaceAll(
    /<math-(inline|display)>([^<]*)<\/math-\1>/g,
    (_, kind: string, formula: string) => setFormula(unescapeHtml(formula), kind === "display"),
  );
}

/**
 * A formula as it stands in a text.
 *
 * @param formula TeX without dollar signs.
 * @param display Whether it stands on a line of its own.
 * @returns HTML.
 */
export function setFormula(formula: string, display: boolean): string {
  const html = renderMath(formula, display);
  return display ? `<span class="math">${html}</span>` : html;
}

/** Families of KaTeX that few formulas need, and the classes with which they do. */
const rareFonts: Readonly<Record<string, RegExp>> = {
  AMS: /\b(?:amsrm|mathbb|textbb)\b/,
  Caligraphic: /\bmathcal\b/,
  Fraktur: /\b\w*frak\b/,
  SansSerif: /\b(?:\w*sf|mathsfit|\w*itsf)\b/,
  Script: /\b\w*scr\b/,
  Typewriter: /\b\w*tt\b/,
};

/**
 * KaTeX's style sheet with its fonts inside.
 *
 * @param html The formulas that it is for; fonts that none of them needs are left out.
 * @returns CSS that loads nothing.
 */
export async function mathStyle(html: string): Promise<string> {
  const address = import.meta.resolve("katex/dist/katex.min.css");
  const sheet = new URL(address);
  const classes = new Set([...html.matchAll(/class="([^"]*)"/g)].map(([, names]) => names!));
  const used = [...classes].join(" ");
  const css = (await Deno.readTextFile(sheet)).replaceAll(
    /@font-face\{[^}]*fonts\/KaTeX_(\w+)-[^}]*\}/g,
    (rule, family: string) => rareFonts[family]?.test(used) ?? true ? rule : "",
  );
  const names = [
    ...new Set([...css.matchAll(/url\((fonts\/[\w-]+\.woff2)\)/g)].map(([, name]) => name!)),
  ];
  const fonts = new Map<string, string>();
  for (const name of names) {
    const bytes = await Deno.readFile(new URL(name, sheet));
    fonts.set(name, `url(data:font/woff2;base64,${bytes.toBase64()})`);
  }
  return css
    .replaceAll(/,url\(fonts\/[\w-]+\.(woff|ttf)\) format\("\w+"\)/g, "")
    .replaceAll(/url\((fonts\/[\w-]+\.woff2)\)/g, (_, name) => fonts.get(name)!);
}
