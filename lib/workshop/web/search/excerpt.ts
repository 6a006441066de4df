// Where words are found in a text, with what stands around them.

/** Some words of a text. */
export interface ExcerptPart {
  readonly text: string;
  /** Whether they are what was looked for. */
  readonly isFound: boolean;
}

/** Characters before the first word that is found, and in all. */
const length = { before: 60, all: 260 } as const;

const escaped = (term: string): string => term.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * A part of a text around the first of the terms.
 *
 * @param text The text.
 * @param terms Words as they stand in it, whatever their case.
 * @returns The part, cut where terms begin and end; the beginning of the text where it has none of them.
 */
export function excerptOf(text: string, terms: readonly string[]): ExcerptPart[] {
  if (terms.length === 0) return [{ text: text.slice(0, length.all), isFound: false }];
  const longestFirst = terms.toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(`(${longestFirst.map(escaped).join("|")})`, "giu");
  const first = Math.max(0, text.search(pattern));
  const from = first <= length.before ? 0 : text.indexOf(" ", first - length.before) + 1;
  const part = text.slice(Math.min(from, first), from + length.all);
  const start = from > 0 ? "… " : "";
  const end = from + length.all < text.length ? " …" : "";
  const parts = `${start}${part}${end}`.split(pattern);
  return parts.map((text, at) => ({ text, isFound: at % 2 === 1 })).filter(({ text }) =>
    text !== ""
  );
}
