/**
 * Markdown with mathematics to HTML: marked for the prose, KaTeX for `$…$` and `$$…$$`, highlight.js for
 * code. The result loads nothing: KaTeX's fonts are put into its style sheet.
 */
import hljs from "highlight.js";
import katex from "katex";
import { Marked, type TokenizerAndRendererExtension } from "marked";

/**
 * Text with HTML's special characters escaped.
 *
 * @param text Any text.
 * @returns The text, safe inside elements and attributes.
 */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

/**
 * Code with its words colored.
 *
 * @param code The text.
 * @param language Its language; another than TypeScript stays plain.
 * @returns HTML.
 */
export function highlight(code: string, language = "typescript"): string {
  const known = hljs.getLanguage(language) !== undefined;
  return known ? hljs.highlight(code, { language }).value : escapeHtml(code);
}

/**
 * A formula as HTML.
 *
 * @param formula TeX without dollar signs.
 * @param displayMode Whether it stands on a line of its own.
 * @returns HTML; a formula that KaTeX cannot read is shown in red.
 */
export function renderMath(formula: string, displayMode: boolean): string {
  return katex.renderToString(formula, {
    displayMode,
    throwOnError: false,
    output: "htmlAndMathml",
  });
}

function mathExtension(
  name: string,
  pattern: RegExp,
  display: boolean,
): TokenizerAndRendererExtension {
  return {
    name,
    level: "inline",
    start: (text) => {
      const at = text.indexOf("$");
      return at < 0 ? undefined : at;
    },
    tokenizer: (text) => {
      const match = pattern.exec(text);
      return match === null ? undefined : { type: name, raw: match[0], formula: match[1]! };
    },
    renderer: (token) => {
      const html = renderMath(String(token["formula"]).trim(), display);
      return display ? `<span class="math">${html}</span>` : html;
    },
  };
}

const marked = new Marked({
  gfm: true,
  renderer: {
    code: ({ text, lang }) =>
      `<div class="code"><pre><code>${highlight(text, lang || "text")}</code></pre></div>\n`,
  },
  extensions: [
    mathExtension("displayMath", /^\$\$([\s\S]+?)\$\$/, true),
    mathExtension("inlineMath", /^\$((?:\\.|[^$\\\n])+?)\$/, false),
  ],
});

/**
 * Markdown as HTML; tables scroll by themselves where they are wider than the page.
 *
 * @param text Markdown with `$…$` and `$$…$$`.
 * @returns HTML.
 */
export function renderMarkdown(text: string): string {
  const html = marked.parse(text, { async: false });
  return html.replaceAll("<table>", '<div class="scroll"><table>').replaceAll(
    "</table>",
    "</table></div>",
  );
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
