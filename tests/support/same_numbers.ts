// Two texts that say the same but for their numbers, which agree within a tolerance: what a notebook shows here and elsewhere.

/** How far numbers may lie apart. */
export interface Closeness {
  /** As a share of the larger one. */
  readonly relative: number;
  /** Where both are this small they count as equal. */
  readonly absolute: number;
}

const number = /[-−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;

const valueOf = (text: string): number => Number(text.replace("−", "-"));

/**
 * Compares two texts.
 *
 * @param before What was said.
 * @param after What is said now.
 * @param closeness How far numbers may lie apart.
 * @returns The first difference in words, or undefined.
 */
export function firstDifference(
  before: string,
  after: string,
  { relative, absolute }: Closeness,
): string | undefined {
  const [a, b] = [before, after].map((text) => text.split("\n")) as [string[], string[]];
  for (const [i, line] of a.entries()) {
    const other = b[i];
    const said = `"${line}" before, ${other === undefined ? "nothing" : `"${other}"`} now`;
    if (other === undefined || line.replaceAll(number, "#") !== other.replaceAll(number, "#")) {
      return said;
    }
    const [old, now] = [line, other].map((text) => (text.match(number) ?? []).map(valueOf));
    const far = old!.findIndex((x, k) => {
      const size = Math.max(Math.abs(x), Math.abs(now![k]!));
      return size > absolute && Math.abs(x - now![k]!) > relative * size;
    });
    if (far >= 0) return `${old![far]} and ${now![far]} are too far apart: ${said}`;
  }
  return a.length < b.length ? `"${b[a.length]}" is new` : undefined;
}
