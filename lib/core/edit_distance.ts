// The edit distance of Levenshtein.

/**
 * How many items must be replaced, left out or put in to make the one list of the other.
 *
 * @param one A list, or a text, whose items are its code units.
 * @param other Another one.
 * @returns The least number.
 */
export function editDistance<T>(one: ArrayLike<T>, other: ArrayLike<T>): number {
  const row = Int32Array.from({ length: other.length + 1 }, (_, at) => at); // from no item of the one
  for (let i = 0; i < one.length; i++) {
    let [diagonal, left] = [row[0]!, i + 1];
    row[0] = left;
    for (let j = 0; j < other.length; j++) {
      const above = row[j + 1]!;
      const replaced = one[i] === other[j] ? diagonal : diagonal + 1;
      left = Math.min(replaced, above + 1, left + 1);
      row[j + 1] = left;
      diagonal = above;
    }
  }
  return row[other.length]!;
}
