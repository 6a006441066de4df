/**
 * Lines that are drawn where another one is: those below become wider, so that each shows beside those above it.
 */

import { greatest } from "../core/extent.ts";

/** A line's points from left to right, in units in which it is straight between them, upward in pixels; NaN where it has a gap. */
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
  const each = Math.min(step, mostWider / greatest(covers));
  return covers.map((count) => count * each);
}

/** Whether a line lies by another one at half or more of the points of both where both are drawn. */
function isHidden(line: DrawnLine, above: DrawnLine): boolean {
  const places = [...new Set([...line, ...above].map(({ x }) => x))].sort((a, b) => a - b);
  const [low, high] = [heightsAt(places, line), heightsAt(places, above)];
  const distances = low.map((y, index) => Math.abs(y - high[index]!)).filter(Number.isFinite);
  return distances.length > 0 &&
    2 * distances.filter((distance) => distance <= hiding).length >= distances.length;
}

/** The height of a line at places from left to right, NaN where it is not drawn. */
function heightsAt(places: readonly number[], line: DrawnLine): number[] {
  let next = 0;
  return places.map((x) => {
    while (next < line.length && line[next]!.x < x) next++;
    const [before, after] = [line[next - 1], line[next]];
    if (after?.x === x) return after.y;
    if (before === undefined || after === undefined) return NaN;
    return before.y + (after.y - before.y) * (x - before.x) / (after.x - before.x);
  });
}
