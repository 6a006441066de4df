// Grids of handwritten digits, each with a caption that says what it shows: `two over seven five`.

import { requireInteger } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";
import type { Dataset, Split, SplitOptions } from "./dataset.ts";
import { splitKinds } from "./dataset.ts";
import type { Picture } from "./image_file.ts";
import { type ImageDataset, type LabelledImage, mnistDigits } from "./images.ts";

/** An image and what it shows. */
export interface CaptionedImage {
  /** Height · width · channels numbers, row by row, from 0 to 255. */
  readonly pixels: Uint8Array;
  /** What it shows, in words with a space between them. */
  readonly caption: string;
}

/** Images of one size, each with a caption. */
export interface CaptionDataset
  extends Dataset<CaptionedImage>, Pick<Picture, "height" | "width" | "channels"> {}

/** Options of {@linkcode digitGrids}. */
export interface DigitGridOptions extends SplitOptions {
  /** How many grids there are, those held out among them; 10,000 by default. */
  readonly count?: number;
}

const digitNames = [
  ...["zero", "one", "two", "three", "four"],
  ...["five", "six", "seven", "eight", "nine"],
];

/** Which cells of a row have a digit. */
const rowPatterns = [[true, true], [true, false], [false, true]] as const;

/** A row of cells, some of them empty. */
type Row = readonly (LabelledImage | undefined)[];

function drawRow(examples: readonly LabelledImage[], random: Random): Row {
  const pattern = rowPatterns[random.integer(rowPatterns.length)]!;
  return pattern.map((isFull) => isFull ? examples[random.integer(examples.length)]! : undefined);
}

/** The digits' names, from left to right. */
const captionOf = (row: Row): string =>
  row.flatMap((digit) => digit === undefined ? [] : [digitNames[digit.label]!]).join(" ");

/** The cells of two rows as one image. */
function paint(rows: readonly Row[], side: number): Uint8Array {
  const pixels = new Uint8Array(4 * side ** 2);
  for (const [down, row] of rows.entries()) {
    for (const [across, digit] of row.entries()) {
      for (let line = 0; digit !== undefined && line < side; line++) {
        const start = (down * side + line) * 2 * side + across * side;
        pixels.set(digit.pixels.subarray(line * side, (line + 1) * side), start);
      }
    }
  }
  return pixels;
}

/** Grids of some digits. */
function gridsOf(digits: ImageDataset, count: number, random: Random): CaptionDataset {
  const { examples, height: side } = digits;
  const grids = Array.from({ length: count }, (): CaptionedImage => {
    const rows = [drawRow(examples, random), drawRow(examples, random)];
    return { pixels: paint(rows, side), caption: rows.map(captionOf).join(" over ") };
  });
  const name = `grids of ${digits.name}`;
  return { name, height: 2 * side, width: 2 * side, channels: 1, examples: grids };
}

/**
 * Grids of 2 × 2 cells with MNIST's digits, one or two in each row, and captions: the digits' names from left to right, the upper row
 * `over` the lower one. No digit of a grid that is trained on stands in one that is held out.
 *
 * @param options How many, the share that is held out, and the seed that draws digits and grids.
 * @returns The grids to train on, and those held out: images of 56 × 56 with captions of three to five words.
 * @throws {RangeError} If an option is out of its range, or a part would be empty.
 */
export async function digitGrids(options: DigitGridOptions = {}): Promise<Split<CaptionDataset>> {
  requireOptions("digitGrids()", options, { ...splitKinds, count: "number?" });
  const { count = 10_000, ...split } = options;
  requireInteger("count", count, { min: 2 });
  const { heldOutShare = 0.1, seed = 0 } = split;
  const digits = await mnistDigits(split);
  const heldOut = Math.min(count - 1, Math.max(1, Math.round(heldOutShare * count)));
  const random = new Random(seed, "digit-grids");
  return {
    train: gridsOf(digits.train, count - heldOut, random.fork("train")),
    heldOut: gridsOf(digits.heldOut, heldOut, random.fork("held out")),
  };
}
