/**
 * What a page's parts are about: headings with their anchors, and the paragraphs that it begins with.
 */
import { DomUtils, parseDocument } from "htmlparser2";
import { Anchors } from "./anchors.ts";
import { formulaSetter } from "./formulas.ts";
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
   * @returns The part with its formulas, with an anchor and a link to it in each heading, and with tables that scroll.
   */
  add(html: string): string {
    const [typeset, typesetWords] = [formulaSetter(), formulaSetter()];
    const words = (element: Element): string => typesetWords(phrases(inner(element)));
    const root = parseDocument(html);
    for (const element of DomUtils.getElementsByTagName("*", root)) {
      if (isHeading(element) && !isInHeading(element)) this.#addHeading(element, words(element));
      if (element.name === "p") this.#addParagraph(element, words);
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
    const link = `<a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`;
    for (const node of [...parseDocument(` ${link}`).childNodes]) {
      DomUtils.appendChild(element, node);
    }
  }

  #addParagraph(element: Element, words: (element: Element) => string): void {
    if (this.paragraphs.length === mostParagraphs) return;
    const [first, ...others] = element.children;
    const isEmphasis = others.length === 0 && first?.type === "tag" && first.name === "em";
    this.paragraphs.push({ html: words(element), isEmphasis });
  }
}

const inner = (node: Parameters<typeof DomUtils.getInnerHTML>[0]): string =>
  DomUtils.getInnerHTML(node, { encodeEntities: "utf8" });

const isHeading = ({ name }: Element): boolean => /^h[1-6]$/.test(name);

function isInHeading({ parent }: Element): boolean {
  return parent?.type === "tag" && (isHeading(parent) || isInHeading(parent));
}

function wrap(element: Element, box: string): void {
  const around = parseDocument(box).firstChild as Element;
  DomUtils.replaceElement(element, around);
  DomUtils.appendChild(around, element);
}
