// Captions of images: hidden words, from the image and the words that are left.

import { requireNumber } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";
import { type Dataset, shuffle, type Split } from "../data/dataset.ts";
import type { CaptionDataset, CaptionedImage } from "../data/digit_grids.ts";
import { gridOf } from "../model/patches.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { sha256OfAll } from "../platform/hash.ts";
import { drawExamples, heldOutBatches } from "./batches.ts";
import { special, wordsByPlace, wordsOf } from "./captions.ts";
import { factsOf } from "./classification.ts";
import { ignore, measureGuesses } from "./guesses.ts";
import { imageInputs, squareSizes } from "./images.ts";
import type { Task } from "./task.ts";

/** How the loss of captions is made. */
export interface ImageTextObjective {
  /** The side of a patch, in pixels; 14 by default. */
  readonly patchSize?: number;
  /** The share of a caption's words that is hidden; all by default. */
  readonly share?: number;
}

/** Images with captions of which words are hidden. */
export interface HiddenCaptions {
  /** What the captions are of, an image for each. */
  readonly images: readonly CaptionedImage[];
  /** The tokens of each caption, masks in the place of hidden words, padding behind the words of shorter ones. */
  readonly tokens: Int32Array;
  /** How many words each caption has. */
  readonly lengths: readonly number[];
  /** The hidden words, and −1 at all other places. */
  readonly labels: Int32Array;
}

function hashOfCaptions({ train, heldOut }: Split<Dataset<CaptionedImage>>): string {
  const examples = [...train.examples, ...heldOut.examples];
  return sha256OfAll([
    ...examples.map(({ pixels }) => pixels),
    examples.map(({ caption }) => caption).join("\n"),
  ]);
}

/**
 * The task of guessing the hidden words of a caption from its image, in BEiT-3's manner (Wang et al. 2022): hidden words are masks.
 *
 * Measures: `nats` per hidden word, `accuracy`. With all words hidden, as is the default, the baseline is what the text alone can give.
 *
 * @param captions Images with captions to train on, and those held out: square images.
 * @param objective Patches, and the share of words that is hidden.
 * @returns The task, for image–text Transformers.
 * @throws {RangeError} If the images are not square, patches do not divide them, a held-out word is in no caption to train on, or an
 *   option is out of its range.
 */
export function imageText(
  captions: Split<CaptionDataset>,
  objective: ImageTextObjective = {},
): Task<HiddenCaptions> {
  requireOptions("objective", objective, { patchSize: "number?", share: "number?" });
  const { patchSize = 14 } = objective;
  const share = requireNumber("share", objective.share ?? 1, { above: 0, max: 1 });
  const { train, heldOut } = captions;
  const words = wordsOf(captions);
  const { vocabulary, longest } = words;
  const sizes = squareSizes(train);
  const [down, across] = gridOf({ patchSize }, [train.height, train.width]);
  const patches = down * across;
  const hide = (images: readonly CaptionedImage[], random: Random): HiddenCaptions => {
    const texts = images.map(({ caption }) => words.encode(caption));
    const tokens = new Int32Array(images.length * longest).fill(special.padding);
    const labels = new Int32Array(tokens.length).fill(ignore);
    for (const [row, text] of texts.entries()) {
      tokens.set(text, row * longest);
      const count = Math.max(1, Math.round(share * text.length));
      for (const place of shuffle([...text.keys()], random).slice(0, count)) {
        tokens[row * longest + place] = special.mask;
        labels[row * longest + place] = text[place]!;
      }
    }
    return { images, tokens, labels, lengths: texts.map(({ length }) => length) };
  };
  const textsOf = ({ examples }: CaptionDataset): string[] =>
    examples.map(({ caption }) => caption);
  return {
    id: "image-text",
    kind: "image-text",
    sizes: { ...sizes, patchSize, vocabulary, context: longest },
    length: longest,
    example: { count: 1, unit: "images" },
    data: factsOf(captions, hashOfCaptions(captions)),
    baseline: wordsByPlace(textsOf(train), textsOf(heldOut), words),
    draw: (part, rows, random) => hide(drawExamples(captions, part, rows, random), random),
    inputs: ({ images, tokens, lengths }) => ({
      inputs: {
        ...imageInputs(images, train).inputs,
        tokens: { ids: tokens, size: [images.length, longest] },
      },
      keyLengths: lengths.map((length) => patches + length),
    }),
    loss: (logits, { labels }) => crossEntropy(logits, labels, { ignore }),
    evaluate: async ({ logits }, size) => {
      const random = new Random(0, "image-text");
      const batches = heldOutBatches(captions, size).map((images) => hide(images, random));
      return await measureGuesses(batches, logits);
    },
  };
}
