// Texts that are nearly the same, so that none is trained on whose twin is measured.
//
// Two texts are near-duplicates if at least half of the character trigrams that either has are in both (Jaccard's coefficient), letter
// case, accents, marks and spacing aside. Near-duplicates of near-duplicates belong to the same group.

/** The share of common trigrams from which on texts are near-duplicates. */
const nearest = 0.5;

/** The trigrams of a text, of its letters and digits, with a space before, between and behind words. */
function trigramsOf(text: string): Set<string> {
  const plain = text.normalize("NFKD").toLowerCase().replaceAll(/\p{M}/gu, "");
  const padded = [...` ${plain.replaceAll(/[^\p{L}\p{N}]+/gu, " ").trim()} `];
  const trigrams = padded.slice(2).map((_, at) => padded.slice(at, at + 3).join(""));
  return new Set(trigrams.length > 0 ? trigrams : [text]);
}

function similarity(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let common = 0;
  for (const trigram of one) if (other.has(trigram)) common++;
  return common / (one.size + other.size - common);
}

/** Sets of places that grow together. */
class Groups {
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, at) => at);
  }

  /** The place that stands for the group of a place. */
  of(place: number): number {
    let at = place;
    for (let up = this.#parents[at]!; up !== at; up = this.#parents[at]!) {
      at = this.#parents[at] = this.#parents[up]!;
    }
    return at;
  }

  join(one: number, other: number): void {
    this.#parents[this.of(one)] = this.of(other);
  }
}

/** The trigrams of a text, rare ones first, as far as two near-duplicates must have one of them in common. */
function telling(trigrams: ReadonlySet<string>, counts: ReadonlyMap<string, number>): string[] {
  const rarest = [...trigrams].sort((a, b) => counts.get(a)! - counts.get(b)! || (a < b ? -1 : 1));
  return rarest.slice(0, trigrams.size - Math.ceil(nearest * trigrams.size) + 1);
}

function joinNearDuplicates(texts: readonly string[], groups: Groups): void {
  const sets = texts.map(trigramsOf);
  const counts = new Map<string, number>();
  for (const trigram of sets.flatMap((set) => [...set])) {
    counts.set(trigram, (counts.get(trigram) ?? 0) + 1);
  }
  const seen = new Map<string, number[]>();
  for (const [at, set] of sets.entries()) {
    for (const trigram of telling(set, counts)) {
      if (!seen.has(trigram)) seen.set(trigram, []);
      const others = seen.get(trigram)!;
      for (const other of others) {
        if (groups.of(at) === groups.of(other)) continue;
        if (similarity(set, sets[other]!) >= nearest) groups.join(at, other);
      }
      others.push(at);
    }
  }
}

/**
 * Groups of texts that are nearly the same, in any of some columns.
 *
 * @param columns Lists of texts of the same length, such as sentences and their translations.
 * @returns The group of each place, as `groups` of `holdOut()` takes it.
 */
export function nearDuplicateGroups(...columns: readonly (readonly string[])[]): Int32Array {
  const count = columns[0]?.length ?? 0;
  const groups = new Groups(count);
  for (const texts of columns) joinNearDuplicates(texts, groups);
  return Int32Array.from({ length: count }, (_, at) => groups.of(at));
}
