// The least and the greatest of any count of numbers: `Math.min(...numbers)` fails from some hundred thousand on.

/**
 * The least and the greatest of numbers.
 *
 * @param values Any count of numbers.
 * @returns Both; NaN where one is NaN, Infinity and −Infinity of none.
 */
export function extent(values: Iterable<number>): [least: number, greatest: number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}

/**
 * The least of numbers.
 *
 * @param values Any count of numbers.
 * @returns It; NaN where one is NaN, Infinity of none.
 */
export const least = (values: Iterable<number>): number => extent(values)[0];

/**
 * The greatest of numbers.
 *
 * @param values Any count of numbers.
 * @returns It; NaN where one is NaN, −Infinity of none.
 */
export const greatest = (values: Iterable<number>): number => extent(values)[1];
