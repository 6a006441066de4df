/** What the search over all pages looks through: each section with its words, without code. */
import { DomUtils, parseDocument } from "htmlparser2";
import type { ListedPage } from "./site_index.ts";

/** A section of a page. */
export interface SearchEntry {
  /** Where it is: a page, and the section's anchor. */
  readonly address: string;
  /** What its page is called. */
  readonly page: string;
  /** What it is called itself; empty before the first heading. */
  readonly title: string;
  /** Its words. */
  readonly text: string;
}

type Node = ReturnType<typeof parseDocument>["childNodes"][number];

/** Elements without words for readers. */
const silent = new Set(["pre", "script", "style", "figcaption"]);

/** A section while its words are gathered. */
interface Open {
  readonly anchor: string;
  readonly title: string;
  readonly words: string[];
}

/** A formula as plain letters: `x_{l+1} = \mathrm{LN}(x_l)` as `x_l+1 = LN(x_l)`. */
const plainFormula = (tex: string): string =>
  tex.replaceAll(
    /\\(?:mathrm|mathbb|mathcal|text|operatorname|big|Big|left|right|quad|tag)\b/g,
    " ",
  )
    .replaceAll(/\\([a-zA-Z]+)/g, "$1").replaceAll(/[{}\\]/g, "");

/** The words of an element; of a formula its TeX, of a picture its title. */
function wordsOf(node: Node): string {
  if (node.type === "text") return node.data;
  if (node.type !== "tag") return "";
  if (silent.has(node.name) || node.attribs["class"] === "anchor") return "";
  if (node.name === "img") return `${node.attribs["alt"]?.split("\n")[0] ?? ""} `;
  if (node.name === "annotation") return plainFormula(DomUtils.textContent(node));
  if (node.attribs["class"] === "katex-html") return "";
  if (node.name === "math") {
    return DomUtils.getElementsByTagName("annotation", node, true).map(wordsOf).join(" ");
  }
  const inner = node.childNodes.map(wordsOf).join("");
  return /^(?:p|li|td|th|tr|div|h\d|summary|figure|blockquote)$/.test(node.name)
    ? `${inner} `
    : inner;
}

const isHeading = (node: Node): boolean => node.type === "tag" && /^h[1-6]$/.test(node.name);

/** The anchor of a heading: its own, or that of the fold which it opens. */
function anchorOf(heading: Node): string {
  if (heading.type !== "tag") return "";
  const { parent } = heading;
  const fold = parent?.type === "tag" && parent.name === "summary" ? parent.next : null;
  const inside = fold?.type === "text" ? fold.next : fold;
  return heading.attribs["id"] ?? (inside?.type === "tag" ? inside.attribs["id"] : undefined) ?? "";
}

/** Gathers words, in order; a heading opens a section. */
function gather(nodes: readonly Node[], sections: Open[]): void {
  for (const node of nodes) {
    if (isHeading(node)) {
      sections.push({ anchor: anchorOf(node), title: squeezed(wordsOf(node)), words: [] });
    } else if (
      node.type === "tag" &&
      DomUtils.existsOne((inner) => isHeading(inner as Node), node.childNodes)
    ) {
      gather(node.childNodes, sections);
    } else sections.at(-1)!.words.push(wordsOf(node));
  }
}

const squeezed = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

/**
 * The sections of pages, for a search.
 *
 * @param pages The pages.
 * @returns Their sections with words, in order.
 */
export function searchEntries(pages: readonly ListedPage[]): SearchEntry[] {
  return pages.flatMap(({ address, rendered: { title, cells } }) => {
    const sections: Open[] = [{ anchor: "", title: "", words: [] }];
    gather(parseDocument(cells.join("\n")).childNodes, sections);
    return sections.map(({ anchor, words, ...section }) => ({
      address: anchor === "" ? address : `${address}#${anchor}`,
      page: title.replaceAll(/\$([^$]*)\$/g, (_, tex) => plainFormula(tex)),
      title: section.title,
      text: squeezed(words.join(" ")),
    })).filter(({ title, text }) => title !== "" || text !== "");
  });
}
