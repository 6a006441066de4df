/**
 * What a page's parts are about: headings and numbered equations with their anchors, and the paragraphs that it begins with.
 */
import { DomUtils, parseDocument } from "htmlparser2";
import { Anchors } from "./anchors.ts";
import { formulaSetter } from "./formulas.ts";
import { escapeHtml } from "./html.ts";
import { phrases } from "./sanitize.ts";

/** A heading of a page. */
export interface Heading {
  /** 1 to 6. */
  readonly level: number;
  /** Its anchor. */
  readonly id: string;
  /** Its words as HTML, without links. */
  readonly html: string;
}

/** A paragraph of a page. */
export interface Paragraph {
  /** Its words as HTML, without links. */
  readonly html: string;
  /** Whether all of it is in italics. */
  readonly isEmphasis: boolean;
}

type Element = ReturnType<typeof DomUtils.getElementsByTagName>[number];

/** The most paragraphs that are noted. */
const mostParagraphs = 2;

/** Notes the headings and the first paragraphs of a page while its parts are made. */
export class Outline {
  /** The headings so far; one that stands inside of another is none. */
  readonly headings: Heading[] = [];
  /** The first two paragraphs. */
  readonly paragraphs: Paragraph[] = [];
  readonly #anchors = new Anchors();

  /**
   * Adds a part of the page.
   *
   * @param html Safe HTML, whose formulas are not yet set.
   * @returns The part with its formulas, with an anchor and a link to it in each heading and beside each numbered equation, and with
   * tables that scroll.
   */
  add(html: string): string {
    const [typeset, typesetWords] = [formulaSetter(), formulaSetter()];
    const words = (element: Element): string => typesetWords(phrases(inner(element)));
    const root = parseDocument(html);
    for (const element of DomUtils.getElementsByTagName("*", root)) {
      if (isHeading(element) && !isInside(element, isHeading)) {
        this.#addHeading(element, words(element));
      }
      if (element.name === "p") this.#addParagraph(element, words);
      if (element.name === "math-display") this.#addEquation(element);
      if (element.name === "table") wrap(element, '<div class="scroll"></div>');
    }
    return typeset(inner(root));
  }

  #addHeading(element: Element, html: string): void {
    const { id: own, ...attribs } = element.attribs;
    const id = own === undefined
      ? this.#anchors.next(DomUtils.textContent(element))
      : this.#anchors.claim(own);
    this.headings.push({ level: Number(element.name[1]), id, html });
    element.attribs = { ...attribs, id };
    append(element, ` ${anchorLink(id, "Link to this section")}`);
  }

  /** An equation that has several numbers is found by each, and linked by the first. */
  #addEquation(element: Element): void {
    if (isInside(element, isLinkOrHeading)) return; // no link stands inside of another
    const tags = [...DomUtils.textContent(element).matchAll(equationTag)].map(([, tag]) => tag!);
    const [id, ...others] = tags.map((tag) => this.#anchors.ofEquation(tag));
    if (id === undefined) return;
    const box = wrap(element, `<span class="equation" id="${id}"></span>`);
    append(box, anchorLink(id, `Link to equation ${tags[0]!}`));
    append(box, others.map((other) => `<span id="${other}"></span>`).join(""));
  }

  #addParagraph(element: Element, words: (element: Element) => string): void {
    if (this.paragraphs.length === mostParagraphs) return;
    const [first, ...others] = element.children;
    const isEmphasis = others.length === 0 && first?.type === "tag" && first.name === "em";
    this.paragraphs.push({ html: words(element), isEmphasis });
  }
}

/** What numbers or names an equation. */
const equationTag = /\\tag\*?\s*\{([^{}]*)\}/g;

const anchorLink = (id: string, words: string): string =>
  `<a class="anchor" href="#${id}" aria-label="${escapeHtml(words)}">#</a>`;

function append(element: Element, html: string): void {
  for (const node of [...parseDocument(html).childNodes]) DomUtils.appendChild(element, node);
}

const inner = (node: Parameters<typeof DomUtils.getInnerHTML>[0]): string =>
  DomUtils.getInnerHTML(node, { encodeEntities: "utf8" });

const isHeading = ({ name }: Element): boolean => /^h[1-6]$/.test(name);

const isLinkOrHeading = (element: Element): boolean => element.name === "a" || isHeading(element);

function isInside({ parent }: Element, of: (element: Element) => boolean): boolean {
  return parent?.type === "tag" && (of(parent) || isInside(parent, of));
}

function wrap(element: Element, box: string): Element {
  const around = parseDocument(box).firstChild as Element;
  DomUtils.replaceElement(element, around);
  DomUtils.appendChild(around, element);
  return around;
}
