// How an image becomes a stream: a linear map of its patches, behind tokens of the model's own.

import type { Entry, Table } from "../families/description.ts";
import type { Values } from "./inputs.ts";
import { apply, type Place } from "./place.ts";
import { lengthOf, readVectors } from "./table.ts";

/** What is needed of an entry of patches. */
type Patches = Extract<Entry, { kind: "patches" }>;

/**
 * The number of patches of an image.
 *
 * @param entry The entry that reads it.
 * @param pixels The image [C, H, W].
 * @returns Their number.
 * @throws {RangeError} If the image has other channels, or is not made of whole patches.
 */
export function countPatches({ channels, patchSize }: Patches, { shape, values }: Values): number {
  const [depth = 0, height = 0, width = 0] = shape;
  const isWhole = height % patchSize === 0 && width % patchSize === 0;
  if (
    shape.length !== 3 || depth !== channels || !isWhole || depth * height * width !== values.length
  ) {
    throw new RangeError(
      `Cannot cut an image of shape [${shape.join(", ")}] with ${values.length} values: ` +
        `expected [${channels}, H, W] in patches of ${patchSize} × ${patchSize}`,
    );
  }
  return (height / patchSize) * (width / patchSize);
}

/** The patches one after the other, row by row of the image, each flattened from [C, P, P]. */
function cut({ patchSize }: Patches, { shape, values }: Values): Float64Array {
  const [channels, height, width] = shape as readonly [number, number, number];
  const patches = new Float64Array(values.length);
  let at = 0;
  for (let top = 0; top < height; top += patchSize) {
    for (let left = 0; left < width; left += patchSize) {
      for (let channel = 0; channel < channels; channel++) {
        for (let y = top; y < top + patchSize; y++) {
          const start = (channel * height + y) * width + left;
          patches.set(values.subarray(start, start + patchSize), at);
          at += patchSize;
        }
      }
    }
  }
  return patches;
}

/** All vectors of a table as rows. */
async function rowsOfTable<T>(
  { arithmetic, tensors }: Place<T>,
  table: Table,
  width: number,
): Promise<T> {
  const values = await readVectors(tensors, table, width);
  return arithmetic.matrix(values, lengthOf(tensors, table, width), width);
}

/**
 * The start of a stream that reads an image.
 *
 * @param place Where it runs.
 * @param entry How it starts.
 * @param width The width of the stream.
 * @param pixels The image [C, H, W].
 * @returns [tokens, width]: those in front, the registers after the first of them, then the patches.
 * @throws {RangeError} If the image does not fit the patches, or the positions fit neither patches nor tokens.
 */
export async function enterImage<T>(
  place: Place<T>,
  entry: Patches,
  width: number,
  pixels: Values,
): Promise<T> {
  const { arithmetic } = place;
  const count = countPatches(entry, pixels);
  const flat = arithmetic.matrix(cut(entry, pixels), count, pixels.values.length / count);
  const patches = await apply(place, entry.patches, flat);
  const before: T[] = [];
  for (const table of entry.before) before.push(await rowsOfTable(place, table, width));
  const positions = await rowsOfTable(place, entry.positions, width);
  const tokens = arithmetic.joinRows([...before, patches]);
  const [all] = arithmetic.size(tokens);
  const [positioned] = arithmetic.size(positions);
  if (positioned !== all && positioned !== count) {
    throw new RangeError(
      `Cannot add ${positioned} positions to ${count} patches and ${
        all - count
      } tokens in front: ` +
        `is the image ${entry.imageSize} × ${entry.imageSize}?`,
    );
  }
  const x = positioned === all
    ? arithmetic.add(tokens, positions)
    : arithmetic.joinRows([...before, arithmetic.add(patches, positions)]);
  if (entry.registers === undefined) return x;
  const registers = await rowsOfTable(place, entry.registers, width);
  return arithmetic.joinRows([
    arithmetic.rows(x, 0, 1),
    registers,
    arithmetic.rows(x, 1, all - 1),
  ]);
}
