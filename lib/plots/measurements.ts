/**
 * What every chart asks of its rows, and how it words their numbers.
 */

/** How messages name the rows and their place. */
export interface RowNames {
  /** What is drawn, for example `loss curves`. */
  readonly chart: string;
  /** Field that places a row, `step` or `layer`. */
  readonly place: string;
}

/**
 * Checks that rows can be drawn.
 *
 * @param rows Place and value of each row.
 * @param names How messages name the rows.
 * @throws {RangeError} If there is no row, no finite value, or a place that is not a whole number
 * from 0 on.
 */
export function checkMeasurements(
  rows: readonly { readonly place: number; readonly value: number }[],
  names: RowNames,
): void {
  const { chart, place } = names;
  if (rows.length === 0) {
    throw new RangeError(`Cannot draw ${chart} of 0 rows: at least one row is needed`);
  }
  if (!rows.some(({ value }) => Number.isFinite(value))) {
    throw new RangeError(
      `Cannot draw ${chart}: none of the ${rows.length} values is finite, at least one must be`,
    );
  }
  const misplaced = rows.find((row) => !Number.isInteger(row.place) || row.place < 0);
  if (misplaced !== undefined) {
    throw new RangeError(
      `Cannot draw ${chart} at ${place} ${misplaced.place}: a ${place} is a whole number from 0 on`,
    );
  }
}

/** The largest number that a chart draws: the ends and the length of its scales must be numbers too. */
const largest = 1e300;

/** The shortest part of a linear scale that ticks divide: shorter ones have no digits left. */
export const leastSpan = 1e-300;

/**
 * Checks that values are not too large for a scale.
 *
 * @param values Values of a chart; those that are not finite are ignored.
 * @throws {RangeError} If a value is beyond ±10³⁰⁰.
 */
export function checkLargest(values: readonly number[]): void {
  const refused = values.find((value) => Number.isFinite(value) && Math.abs(value) > largest);
  if (refused !== undefined) {
    throw new RangeError(
      `Cannot draw the value ${refused}: it must be from -${largest} to ${largest}`,
    );
  }
}

/**
 * Checks that values can stand on a log scale.
 *
 * @param values Values of a chart; those that are not finite are ignored.
 * @throws {RangeError} If a value is 0 or less.
 */
export function checkPositive(values: readonly number[]): void {
  const refused = values.find((value) => Number.isFinite(value) && value <= 0);
  if (refused !== undefined) {
    throw new RangeError(
      `Cannot draw the value ${refused} on a log scale: every value must be greater than 0`,
    );
  }
}

/**
 * A number in few digits, small ones with an exponent.
 *
 * @param value Any number.
 * @param digits Significant digits; 4 by default.
 * @returns Text such as `3.142`, `1.2e-5` or `NaN`.
 */
export function formatNumber(value: number, digits = 4): string {
  const rounded = Number(value.toPrecision(digits));
  const tiny = rounded !== 0 && Math.abs(rounded) < 1e-3;
  return tiny ? rounded.toExponential() : String(rounded);
}

/**
 * The name of an axis inside a sentence: `Layers N, log scale` is `layers N`.
 *
 * @param label The name as the axis has it.
 * @returns The name as a sentence goes on with it.
 */
export function inSentence(label: string): string {
  const name = label.replace(/, log scale$/, "");
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/**
 * What a chart says of values that it leaves out.
 *
 * @param values All values of the chart.
 * @returns No line, or one such as `3 non-finite values not drawn`.
 */
export function nonFiniteNotes(values: readonly number[]): string[] {
  const count = values.filter((value) => !Number.isFinite(value)).length;
  if (count === 0) return [];
  return [`${count} non-finite ${count === 1 ? "value" : "values"} not drawn`];
}
