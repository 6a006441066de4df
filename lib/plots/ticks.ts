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
 * Whole, evenly spaced values for the ticks of a step or layer axis.
 *
 * @param first Least value, a whole number.
 * @param last Greatest value, a whole number.
 * @returns At most thirteen multiples of 1, 2 or 5 times a power of ten.
 */
export function wholeTicks(first: number, last: number): number[] {
  const room = Math.max(last - first, 1) / 12;
  const magnitude = 10 ** Math.floor(Math.log10(room));
  const step = Math.max(1, magnitude * [1, 2, 5, 10].find((nice) => nice * magnitude >= room)!);
  const start = Math.ceil(first / step) * step;
  return Array.from({ length: Math.floor((last - start) / step) + 1 }, (_, k) => start + k * step);
}
