/** The anchors of a page's headings. */

/** Gives headings the anchors that GitHub gives them; each is given once. */
export class Anchors {
  readonly #given = new Set<string>();
  /** For each text how often it has occurred. */
  readonly #repeats = new Map<string, number>();

  /**
   * The anchor of the next heading: lower case, without punctuation, spaces as hyphens; repeats are numbered.
   *
   * @param html The heading's words as well-formed HTML.
   * @returns The anchor.
   */
  next(html: string): string {
    const slug = slugOf(html);
    let repeat = this.#repeats.get(slug) ?? 0;
    while (this.#given.has(numbered(slug, repeat))) repeat++;
    this.#repeats.set(slug, repeat + 1);
    const anchor = numbered(slug, repeat);
    this.#given.add(anchor);
    return anchor;
  }
}

const numbered = (slug: string, repeat: number): string =>
  repeat === 0 ? slug : `${slug}-${repeat}`;

function slugOf(html: string): string {
  const text = html
    .replaceAll(/<annotation[^>]*>[^<]*<\/annotation>|<[^>]*>|&#?\w+;/g, "")
    .trim().toLowerCase();
  return text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-") || "section";
}
