// Visual tokens: a code for each patch of an image, by the nearest of some patches that k-means found.

import { groupBy } from "../core/collections.ts";
import { requireInteger } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";
import { shuffle } from "./dataset.ts";
import type { ImageDataset, LabelledImage } from "./images.ts";

/** What {@linkcode patchCodebook} makes. */
export interface PatchCodebookOptions {
  /** The side of a patch, in pixels. */
  readonly patchSize: number;
  /** The number of codes. */
  readonly codes: number;
  /** The most patches that they are found with, drawn from all images; 4096 by default. */
  readonly patches?: number;
  /** What draws patches and first codes; 0 by default. */
  readonly seed?: number;
}

const optionKinds: OptionKinds<PatchCodebookOptions> = {
  patchSize: "number",
  codes: "number",
  patches: "number?",
  seed: "number?",
};

/** Codes of patches. */
export interface PatchCodebook {
  /** The patch that each code stands for: P · P · C numbers from 0 to 255, as they lie in an image. */
  readonly centers: readonly Float32Array[];
  /**
   * The code of each patch of an image.
   *
   * @param image An image of the same size and channels.
   * @returns The codes, of patches row by row.
   */
  codesOf(image: Pick<LabelledImage, "pixels">): Int32Array;
}

/** What tells where the patches of an image lie. */
interface Cut extends Pick<ImageDataset, "height" | "width" | "channels"> {
  readonly patchSize: number;
}

/** The patches of an image, row by row. */
function patchesOf(pixels: Uint8Array, cut: Cut): Float32Array[] {
  const { height, width, channels, patchSize: size } = cut;
  const [down, across] = [height / size, width / size];
  return Array.from({ length: down * across }, (_, at) => {
    const [top, left] = [Math.floor(at / across) * size, (at % across) * size];
    const patch = new Float32Array(size * size * channels);
    for (let row = 0; row < size; row++) {
      const start = ((top + row) * width + left) * channels;
      patch.set(pixels.subarray(start, start + size * channels), row * size * channels);
    }
    return patch;
  });
}

/** Σ (a − b)² */
function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at]! - b[at]!) ** 2;
  return sum;
}

/** The nearest center, and how far it is. */
function nearestCenter(
  patch: Float32Array,
  centers: readonly Float32Array[],
): { readonly code: number; readonly distance: number } {
  let nearest = { code: -1, distance: Infinity };
  for (const [code, center] of centers.entries()) {
    const found = distance(patch, center);
    if (found < nearest.distance) nearest = { code, distance: found };
  }
  return nearest;
}

/** A place that is drawn by its weight; −1 where nothing weighs anything. */
function drawByWeight(weights: readonly number[], random: Random): number {
  let left = random.uniform() * weights.reduce((sum, one) => sum + one, 0);
  const found = weights.findIndex((one) => (left -= one) < 0);
  return found < 0 ? weights.findLastIndex((one) => one > 0) : found; // sums are rounded
}

/** First centers: any patch, then others by how far they are from those before (k-means++). */
function firstCenters(
  patches: readonly Float32Array[],
  codes: number,
  random: Random,
): Float32Array[] {
  const centers: Float32Array[] = [];
  let far = patches.map(() => Infinity);
  while (centers.length < codes) {
    const weights = centers.length === 0 ? patches.map(() => 1) : far;
    const center = patches[drawByWeight(weights, random)];
    if (center === undefined) {
      throw new RangeError(
        `Cannot make ${codes} codes: ${patches.length} patches were drawn, of which ${centers.length} are different`,
      );
    }
    far = patches.map((patch, at) => Math.min(far[at]!, distance(patch, center)));
    centers.push(center);
  }
  return centers;
}

/** The means of the patches that are nearest to each center; a center that is nearest to none stays. */
function moveCenters(
  patches: readonly Float32Array[],
  centers: readonly Float32Array[],
  codes: readonly number[],
): Float32Array[] {
  const sums = centers.map(({ length }) => new Float64Array(length));
  const counts = centers.map(() => 0);
  for (const [at, patch] of patches.entries()) {
    const code = codes[at]!;
    counts[code]! += 1;
    patch.forEach((value, place) => sums[code]![place]! += value);
  }
  return centers.map((center, code) =>
    counts[code] === 0 ? center : Float32Array.from(sums[code]!, (sum) => sum / counts[code]!)
  );
}

/** The most codes: BEiT's. */
const mostCodes = 8192;

/** The most rounds of k-means; patches of digits take some twenty. */
const mostRounds = 50;

/**
 * A codebook of patches. BEiT predicts the tokens of a discrete autoencoder that was trained on 250 million images (DALL-E's); here a
 * patch's token is the nearest of k centers in the space of its pixels, which k-means finds on the images that a model is trained on. That
 * is a much weaker tokenizer: its codes tell strokes and edges apart, no parts of things.
 *
 * Source: Lloyd 1982; first centers as Arthur and Vassilvitskii 2007 (k-means++); what the codes are for: Bao et al. 2022 (BEiT), §2.1.
 *
 * @param images The images.
 * @param options Size of the patches, number of codes, seed.
 * @returns The codebook.
 * @throws {RangeError} If patches do not divide the images, fewer different ones than codes were drawn, or an option is out of range.
 */
export function patchCodebook(
  images: ImageDataset,
  options: PatchCodebookOptions,
): PatchCodebook {
  requireOptions("patchCodebook()", options, optionKinds);
  const patchSize = requireInteger("patchSize", options.patchSize, { min: 1 });
  const codes = requireInteger("codes", options.codes, { min: 2, max: mostCodes });
  const count = requireInteger("patches", options.patches ?? Math.max(4096, codes), { min: codes });
  const { height, width, channels, examples } = images;
  if (height % patchSize !== 0 || width % patchSize !== 0) {
    throw new RangeError(
      `Cannot cut images of ${width} × ${height} into patches of ${patchSize}: the side of a patch must divide theirs`,
    );
  }
  const cut: Cut = { height, width, channels, patchSize };
  const random = new Random(options.seed ?? 0, "patch-codes");
  const perImage = height * width / patchSize ** 2;
  const chosen = shuffle(Array.from({ length: examples.length * perImage }, (_, at) => at), random)
    .slice(0, count);
  const byImage = groupBy(chosen, (at) => Math.floor(at / perImage));
  const patches = [...byImage].flatMap(([image, places]) => {
    const own = patchesOf(examples[image]!.pixels, cut);
    return places.map((at) => own[at % perImage]!);
  });
  let centers = firstCenters(patches, codes, random);
  let last: readonly number[] = [];
  for (let round = 0; round < mostRounds; round++) {
    const nearest = patches.map((patch) => nearestCenter(patch, centers).code);
    if (nearest.every((code, at) => code === last[at])) break;
    centers = moveCenters(patches, centers, nearest);
    last = nearest;
  }
  return {
    centers,
    codesOf: ({ pixels }) =>
      Int32Array.from(patchesOf(pixels, cut), (patch) => nearestCenter(patch, centers).code),
  };
}
