/**
 * HTML that a stranger wrote, made safe: what runs, loads, sends or redirects is taken out, prose stays.
 *
 * Pages load nothing, so a picture from elsewhere becomes a link to it.
 */
// @ts-types="@types/sanitize-html"
import sanitizeHtml, { type Attributes, type IOptions, type Tag } from "sanitize-html";

/** What becomes of the address of a link. */
export type Rewrite = (address: string) => string;

/** Pictures that carry their own data; inside an `<img>` an SVG runs no script and loads nothing. */
const inlinePicture = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml)[;,]/i;

/** Ids as headings have them; none is one of the page's own, which hold `:` or `=`. */
const plainId = /^[\p{L}\p{N}_-]+$/u;

/** Elements of a phrase, without links and pictures. */
const phrasing = [
  ...["abbr", "b", "strong", "i", "em", "u", "s", "del", "ins", "mark", "small"],
  ...["sub", "sup", "code", "kbd", "samp", "var", "q", "cite", "bdi", "wbr"],
  ...["math-inline", "math-display"],
];

const options: IOptions = {
  allowedTags: [
    ...["h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "div", "span"],
    ...["ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption", "details", "summary"],
    ...["table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"],
    ...["a", "img", ...phrasing],
  ],
  nonTextTags: ["script", "style", "textarea", "option", "noscript", "template", "svg", "math"],
  allowedAttributes: {
    "*": ["id", "align", "dir", "lang", "title"],
    a: ["href"],
    img: ["src", "alt", "width", "height"],
    ol: ["start"],
    th: ["colspan", "rowspan"],
    td: ["colspan", "rowspan"],
    details: ["open"],
    div: [{ name: "role", values: ["note"] }],
  },
  allowedClasses: { div: ["code", "aside"], span: ["hljs-*", "*_"] },
  allowedSchemes: ["http", "https", "mailto"],
  allowedSchemesByTag: { img: ["data"] },
  allowProtocolRelative: false,
  parseStyleAttributes: false,
  // Without a limit, unclosed elements take time that grows with the square of their number.
  nestingLimit: 100,
};

/** Whatever the element: an id that could stand for one of the page's own is left out. */
function withPlainId(tagName: string, { id, ...attribs }: Attributes): Tag {
  return { tagName, attribs: id !== undefined && plainId.test(id) ? { ...attribs, id } : attribs };
}

/** A picture as it is where it carries its data, or else as a link to it. */
function pictureOrLink(attribs: Attributes, rewrite: Rewrite): Tag {
  const { src = "", alt = "" } = attribs;
  if (inlinePicture.test(src)) return { tagName: "img", attribs };
  return { tagName: "a", attribs: { href: rewrite(src) }, text: alt || src };
}

/**
 * HTML without anything that runs, loads, sends or redirects.
 *
 * Only elements and attributes of prose stay; links lead to http, https, mail or places beside the page.
 *
 * @param html Any HTML, however broken.
 * @param rewrite What becomes of the address of a link, before it is checked.
 * @returns Well-formed HTML that cannot end the element that it is put into.
 */
export function sanitize(html: string, rewrite: Rewrite): string {
  return sanitizeHtml(html, {
    ...options,
    transformTags: {
      a: (tagName, { href, ...attribs }) => ({
        tagName,
        attribs: href === undefined ? attribs : { ...attribs, href: rewrite(href) },
      }),
      aside: () => ({ tagName: "div", attribs: { class: "aside", role: "note" } }),
      img: (_, attribs) => pictureOrLink(attribs, rewrite),
      "*": withPlainId,
    },
  });
}

/**
 * The words of safe HTML, as they can stand in a link: phrases and formulas, without links, pictures and blocks.
 *
 * @param html Safe HTML.
 * @returns Well-formed HTML; nothing but its elements' names is left of their tags.
 */
export function phrases(html: string): string {
  return sanitizeHtml(html, { ...options, allowedTags: phrasing, allowedAttributes: {} }).trim();
}
