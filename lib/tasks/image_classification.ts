// Image classification: what an image shows, of some classes.

import type { Split } from "../data/dataset.ts";
import type { ImageDataset, LabelledImage } from "../data/images.ts";
import { classificationTask } from "./classification.ts";
import { hashOfImages, imageInputs, squareSizes } from "./images.ts";
import type { Task } from "./task.ts";

/**
 * The task of naming the class of an image.
 *
 * Measures: `nats`, `accuracy` with its 95 % interval `low` to `high`.
 *
 * @param images The images to train on, and those held out: square ones.
 * @returns The task, for vision Transformers.
 * @throws {RangeError} If the images are not square.
 */
export function imageClassification(
  images: Split<ImageDataset>,
): Task<readonly LabelledImage[]> {
  const { train } = images;
  return classificationTask<LabelledImage>({
    id: "image-classification",
    kind: "vision",
    sizes: squareSizes(train),
    length: train.height * train.width,
    example: { count: 1, unit: "images" },
    split: images,
    sha256: hashOfImages(images),
    inputs: (examples) => imageInputs(examples, train),
  });
}
