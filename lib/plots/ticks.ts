/**
 * Where scales have their ticks: log scales of axes and color legends, and whole-number axes.
 */

const tens = [1];
const steps = [1, 2, 5];
const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const tenths = Array.from({ length: 90 }, (_, k) => 1 + k / 10);
const most = 6;

/**
 * Round values for the ticks of a log scale: powers of ten where there are enough of them, finer
 * steps in a narrow range.
 *
 * @param low Least value, greater than 0.
 * @param high Greatest value.
 * @param least How many ticks are wanted at least.
 * @returns At most six values in the range, its ends where it holds too few round ones.
 */
export function logTicks(low: number, high: number, least: number): number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Array.from(
    { length: Math.floor(Math.log10(high)) - first + 1 },
    (_, k) => 10 ** (first + k),
  );
  for (const mantissas of [tens, steps, digits, tenths]) {
    const ticks = decades.flatMap((decade) => mantissas.map((mantissa) => mantissa * decade))
      .filter((tick) => tick >= low && tick <= high);
    if (ticks.length >= least) {
      const every = Math.ceil(ticks.length / most);
      return ticks.filter((_, index) => index % every === 0);
    }
  }
  return [low, high];
}

/**
 * Round, evenly spaced values for the ticks of a linear scale.
 *
 * @param first Least value.
 * @param last Greatest value.
 * @param most About how many are wanted.
 * @returns Multiples of 1, 2 or 5 times a power of ten, at most `most` + 1.
 */
export function evenTicks(first: number, last: number, most: number): number[] {
  const room = (last - first) / most;
  const magnitude = 10 ** Math.floor(Math.log10(room));
  const digit = [1, 2, 5, 10].find((nice) => nice * magnitude >= room)!;
  const [start, count] = [first, last].map((end) => end / magnitude / digit) as [number, number];
  const from = Math.ceil(start - 1e-9);
  return Array.from(
    { length: Math.floor(count + 1e-9) - from + 1 },
    // through the quotient, since 3 × 0.1 is not 0.3
    (_, k) => magnitude < 1 ? (from + k) * digit / (1 / magnitude) : (from + k) * digit * magnitude,
  );
}

/**
 * Whole, evenly spaced values for the ticks of a step or layer axis.
 *
 * @param first Least value, a whole number.
 * @param last Greatest value, a whole number.
 * @returns At most thirteen multiples of 1, 2 or 5 times a power of ten.
 */
export function wholeTicks(first: number, last: number): number[] {
  if (last - first > 12) return evenTicks(first, last, 12);
  return Array.from({ length: last - first + 1 }, (_, k) => first + k);
}
