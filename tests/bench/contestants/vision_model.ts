// normkit's vision Transformer on random pixels, with any norm or none.

import { disposeTree, Random, type Tensor } from "@normkit/normkit";
import { runBatch } from "@normkit/normkit/tasks";
import * as tf from "@tensorflow/tfjs";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import { transformer } from "../../../lib/transformer/kinds.ts";
import { inProcess, type Runner } from "../timing/contestant.ts";
import { type ModelName, models } from "./normkit_model.ts";
import { readOne } from "./tfjs.ts";

/** The size of a vision Transformer and of its batch: color images, a class token, 1000 classes, GELU, biases. */
export interface VisionSize {
  /** The width D. */
  readonly width: number;
  /** The depth L. */
  readonly depth: number;
  /** The number of heads H. */
  readonly heads: number;
  /** The side of an image, in pixels. */
  readonly imageSize: number;
  /** The side of a patch. */
  readonly patchSize: number;
  /** Images of a batch, B. */
  readonly rows: number;
}

/**
 * The logits of a batch of images.
 *
 * @param name The model.
 * @param size Its size.
 * @returns The runner.
 */
export function visionRunner(name: ModelName, { rows, ...sizes }: VisionSize): Runner {
  const config = { ...models[name], ...sizes, channels: 3, classes: 1000 };
  const model = transformer({ kind: "vision", init: "normal", ...config });
  const parameters = drawStarts(model.starts, 0);
  const random = new Random(0);
  const shape: [number, number, number, number] = [rows, 3, sizes.imageSize, sizes.imageSize];
  const pixels = tf.tensor4d(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  );
  return inProcess<Tensor>({
    run: () => runBatch(parameters, model, { pixels })["logits"]!,
    read: readOne,
    free: (logits) => logits.dispose(),
    dispose: () => disposeTree([parameters, pixels]),
  });
}
