// How many patches an input is cut into, and positions of them that are computed.

import type { EntryOf } from "./interpreter.ts";

/** What decides how an image is cut. */
type Cut = Pick<EntryOf<"patches">, "patchSize" | "stride">;

/**
 * How many patches an image has.
 *
 * @param cut How it is cut.
 * @param size Its height and width.
 * @returns How many down and across.
 * @throws {RangeError} If it has none, or patches that do not overlap leave something of it.
 */
export function gridOf(
  { patchSize, stride }: Cut,
  [height, width]: readonly [number, number],
): readonly [down: number, across: number] {
  const isWhole = stride !== undefined || (height % patchSize === 0 && width % patchSize === 0);
  const [down, across] = stride ?? [patchSize, patchSize];
  const grid = [
    Math.floor((height - patchSize) / down) + 1,
    Math.floor((width - patchSize) / across) + 1,
  ] as const;
  if (isWhole && grid[0] >= 1 && grid[1] >= 1) return grid;
  throw new RangeError(
    `Cannot cut an image of ${height} × ${width} into patches of ${patchSize} × ${patchSize}`,
  );
}

/** How many patches the inputs have that a model was made for. */
export function countPatches(entry: EntryOf<"patches">): number {
  const { frames } = entry;
  const [down, across] = gridOf(entry, entry.imageSize);
  return down * across * (frames === undefined ? 1 : Math.floor(frames.count / frames.together));
}

/** Positions that are computed, sines and cosines in turn: `count` rows of `width` numbers. */
export function alternatingSinusoids(count: number, width: number): Float64Array {
  return Float64Array.from({ length: count * width }, (_, at) => {
    const [place, column] = [Math.floor(at / width), at % width];
    const angle = place / 10000 ** (2 * Math.floor(column / 2) / width);
    return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}
