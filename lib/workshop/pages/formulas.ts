/**
 * Formulas by KaTeX: safe whoever wrote them, of bounded size, with the fonts that they need.
 */
import katex from "katex";
import { escapeHtml, unescapeHtml } from "./html.ts";

/** The longest formula that is set, in characters. */
const longestFormula = 5_000;

/** The most HTML that the formulas of one cell or output may become, in characters. */
const mostHtml = 500_000;

/**
 * Commands of formulas that are not set. Those that define others can double a text again and again, so that a thousand characters
 * become gigabytes; the last three write on the console.
 */
const refused =
  /\\(?:[gex]?def|let|futurelet|global|long|(?:new|renew|provide)command|message|errmessage|show)(?![a-zA-Z@])/;

/** How much HTML the formulas of one cell or output may still become, in characters. */
interface Budget {
  room: number;
}

/**
 * A formula as HTML.
 *
 * @param formula TeX without dollar signs.
 * @param displayMode Whether it stands on a line of its own.
 * @param budget What is left for it; half a million characters where it stands alone.
 * @returns HTML; a formula that KaTeX cannot read is shown in red, one that defines commands or is too long, too deep or too large
 * as code.
 */
export function renderMath(
  formula: string,
  displayMode: boolean,
  budget: Budget = { room: mostHtml },
): string {
  const asCode = `<code>${escapeHtml(formula)}</code>`;
  if (formula.length > longestFormula || refused.test(formula) || budget.room <= 0) return asCode;
  const html = unlessTooDeep(() =>
    katex.renderToString(formula, {
      displayMode,
      throwOnError: false,
      output: "htmlAndMathml",
      errorColor: "var(--red)",
      trust: false,
      strict: "ignore", // or else what LaTeX would not take is said on the console
      maxSize: 50, // em: a rule of any size could cover the page
    }), asCode);
  budget.room -= html.length;
  return budget.room < 0 ? asCode : html;
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

/**
 * A formula as it stands in a text.
 *
 * @param formula TeX without dollar signs.
 * @param display Whether it stands on a line of its own.
 * @param budget What is left for it; half a million characters where it stands alone.
 * @returns HTML.
 */
export function setFormula(formula: string, display: boolean, budget?: Budget): string {
  const html = renderMath(formula, display, budget);
  return display ? `<span class="math">${html}</span>` : html;
}

/**
 * TeX as it stands in safe HTML until {@link formulaSetter} sets it: in an element of its own.
 *
 * @param formula TeX without dollar signs.
 * @param kind Whether it stands in a line or on one of its own.
 * @returns HTML.
 */
export function formulaElement(formula: string, kind: string): string {
  return `<math-${kind}>${escapeHtml(formula.trim())}</math-${kind}>`;
}

/**
 * What sets the formulas of one cell or output, or those of its headings once more.
 *
 * @returns A function from safe HTML to safe HTML. Once its formulas have become half a million characters in all, further ones
 * are code.
 */
export function formulaSetter(): (html: string) => string {
  const budget = { room: mostHtml };
  return (html) =>
    html.replaceAll(
      /<math-(inline|display)>([^<]*)<\/math-\1>/g,
      (_, kind, formula) => setFormula(unescapeHtml(formula), kind === "display", budget),
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
