/** The anchors of a page's headings and numbered equations. */

/** Gives headings the anchors that GitHub gives them, and equations `eq-` with their number; each is given once. */
export class Anchors {
  readonly #given = new Set<string>();
  /** For each text how often it has occurred. */
  readonly #repeats = new Map<string, number>();

  /**
   * The anchor of the next heading: lower case, without punctuation, spaces as hyphens; repeats are numbered.
   *
   * @param text The heading's words.
   * @returns The anchor.
   */
  next(text: string): string {
    return this.claim(slugOf(text));
  }

  /**
   * The anchor of a numbered equation: `eq-5`, `eq-theorem-3-1`.
   *
   * @param tag Its number or name, as it stands beside it.
   * @returns The anchor.
   */
  ofEquation(tag: string): string {
    const words = tag.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    return this.claim(["eq", ...words].join("-"));
  }

  /**
   * An anchor of a heading's own.
   *
   * @param slug The anchor that it is to have.
   * @returns That anchor, numbered where it was given before.
   */
  claim(slug: string): string {
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

function slugOf(text: string): string {
  const words = text.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "");
  return words.replaceAll(/\s/g, "-") || "section";
}
