/**
 * Lines that are drawn where another one is: those below become wider, so that each shows beside those above it.
 */

/** A line's points in pixels, those that are not finite left out. */
export type DrawnLine = readonly { readonly x: number; readonly y: number }[];

/** Distance in pixels at which one line hides another. */
const hiding = 1.5;

/** What a line is wider than the one above it, and most that any is wider, in pixels. */
const step = 2;
const mostWider = 6;

/**
 * How much wider each line is drawn, by the number of lines above that hide it: at half or more of the places that it shares with
 * them.
 *
 * @param lines The lines from the lowest to the highest.
 * @returns Pixels for each, 0 where the line is seen.
 */
export function extraWidths(lines: readonly DrawnLine[]): number[] {
  const covers = lines.map((line, index) =>
    lines.slice(index + 1).filter((above) => isHidden(line, above)).length
  );
  const each = Math.min(step, mostWider / Math.max(...covers));
  return covers.map((count) => count * each);
}

function isHidden(line: DrawnLine, above: DrawnLine): boolean {
  const heights = new Map(above.map(({ x, y }) => [x, y]));
  const distances = line.filter(({ x }) => heights.has(x))
    .map(({ x, y }) => Math.abs(y - heights.get(x)!));
  return distances.length > 0 &&
    2 * distances.filter((distance) => distance <= hiding).length >= distances.length;
}
