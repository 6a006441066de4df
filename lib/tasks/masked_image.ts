// Masked image modelling: the codes of patches that are hidden, from those that are seen.

import { requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";
import type { Split } from "../data/dataset.ts";
import type { ImageDataset, LabelledImage } from "../data/images.ts";
import { maskBlocks } from "../data/masked_patches.ts";
import { patchCodebook } from "../data/patch_codes.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { drawExamples, heldOutBatches } from "./batches.ts";
import { factsOf } from "./classification.ts";
import { ignore, measureGuesses } from "./guesses.ts";
import { hashOfImages, imageInputs, squareSizes } from "./images.ts";
import type { Task } from "./task.ts";
import { unigram } from "./texts.ts";

/** How the loss of masked images is made. */
export interface MaskedImageObjective {
  /** The side of a patch, in pixels; 4 by default. */
  readonly patchSize?: number;
  /** The number of codes; 64 by default. */
  readonly codes?: number;
  /** The share of patches that is hidden; 0.4 by default. */
  readonly share?: number;
}

/** Images of which patches are hidden. */
export interface MaskedImages {
  /** The images, whole. */
  readonly images: readonly LabelledImage[];
  /** The hidden patches of each. */
  readonly masked: readonly (readonly number[])[];
  /** The codes of the hidden patches, and −1 for the others. */
  readonly labels: Int32Array;
}

/**
 * The task of naming the codes of hidden patches, in BEiT's manner (Bao et al. 2022); the codes are those of `patchCodebook()`.
 *
 * Measures: `nats` per hidden patch, `accuracy`.
 *
 * @param images The images to train on, of which the codes are made, and those held out: square ones.
 * @param objective Patches, codes, and the share that is hidden.
 * @returns The task, for vision Transformers.
 * @throws {RangeError} If the images are not square, patches do not divide them, or an option is out of its range.
 */
export function maskedImageModelling(
  images: Split<ImageDataset>,
  objective: MaskedImageObjective = {},
): Task<MaskedImages> {
  requireOptions("objective", objective, {
    patchSize: "number?",
    codes: "number?",
    share: "number?",
  });
  const { patchSize = 4, codes = 64, share = 0.4 } = objective;
  const { train, heldOut } = images;
  const sizes = squareSizes(train);
  const codebook = patchCodebook(train, { patchSize, codes });
  const side = train.height / patchSize;
  const hidden = (examples: readonly LabelledImage[], random: Random): MaskedImages => {
    const masked = examples.map(() => maskBlocks([side, side], random, { share }));
    const labels = new Int32Array(examples.length * side ** 2).fill(ignore);
    for (const [image, places] of masked.entries()) {
      const all = codebook.codesOf(examples[image]!);
      for (const place of places) labels[image * side ** 2 + place] = all[place]!;
    }
    return { images: examples, masked, labels };
  };
  // blocks are rarely at the edge, where patches are empty: what is hidden has other frequencies than what is there
  const hiddenCodes = ({ examples }: ImageDataset): Int32Array =>
    hidden(examples, new Random(0, "masked-image")).labels.filter((code) => code !== ignore);
  return {
    id: "masked-image",
    kind: "vision",
    sizes: { ...sizes, patchSize, codes },
    length: side ** 2,
    example: { count: 1, unit: "images" },
    data: factsOf(images, hashOfImages(images)),
    baseline: unigram(hiddenCodes(train), hiddenCodes(heldOut), codes),
    draw: (part, rows, random) => hidden(drawExamples(images, part, rows, random), random),
    inputs: ({ images: examples, masked }) => {
      const { inputs } = imageInputs(examples, train);
      return { inputs: { ...inputs, masked } };
    },
    loss: (logits, { labels }) => crossEntropy(logits, labels, { ignore }),
    evaluate: async ({ logits }, size) => {
      const random = new Random(0, "masked-image");
      return await measureGuesses(
        heldOutBatches(images, size).map((examples) => hidden(examples, random)),
        logits,
      );
    },
  };
}
