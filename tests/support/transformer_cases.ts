// The kinds of Transformers that the papers train, tiny, each with a batch that it reads.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../lib/core/tensor.ts";
import { completeConfig } from "../../lib/decoder/config.ts";
import { decoderBlueprint } from "../../lib/decoder/spec.ts";
import type { EagerInputs } from "../../lib/interpret/eager.ts";
import { transformer, type TransformerConfig } from "../../lib/transformer/kinds.ts";
import type { Transformer } from "../../lib/transformer/models.ts";
import type { RunOptions } from "../../lib/transformer/run.ts";
import type { LayerOptions } from "../../lib/transformer/settings.ts";

/** What all kinds of layers can be given besides a variant. */
export type Changes = Partial<Pick<LayerOptions, "norm" | "bias" | "activation">>;

/** A model, and the batch that it reads. */
export interface KindCase {
  /** What it is, whatever joins its layers. */
  readonly config: TransformerConfig;
  inputs(): EagerInputs;
  readonly options?: RunOptions;
}

/** A model of a variant, and the batch that it reads. */
export interface TransformerCase extends Omit<KindCase, "config"> {
  make(residual: string, changes?: Changes): Transformer;
}

/** What all layers have. */
export const layers = { width: 8, heads: 2, hidden: 12 } as const;
/** Rows of tokens as a batch. */
export const tokens = (...rows: number[][]) => ({
  ids: Int32Array.from(rows.flat()),
  size: [rows.length, rows[0]!.length] as const,
});
const source = tokens([1, 2, 3, 4], [5, 6, 0, 0]);
const keyLengths = [4, 2];

/** cos of 0, 0.9, 1.8, … */
export const ramp = (...shape: number[]): Tensor =>
  tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.cos(0.9 * i)),
    shape,
  );

const text = { ...layers, vocabulary: 7, context: 5, embeddingScale: Math.sqrt(8) };
const cut = { imageSize: 6, patchSize: 3, channels: 1 };
const image = { ...layers, ...cut, depth: 2, classes: 4 };
const sound = { ...layers, channels: 3, frames: 8, depth: 2, classes: 5 };

/** Each kind but decoders, with a batch of two. */
export const kindCases: Readonly<Record<string, KindCase>> = {
  "encoder": {
    config: { kind: "encoder", ...text, depth: 2 },
    inputs: () => ({ tokens: source }),
    options: { keyLengths },
  },
  "text classifier": {
    config: { kind: "encoder", ...text, depth: 2, classes: 3, pooling: "mean" },
    inputs: () => ({ tokens: source }),
    options: { keyLengths },
  },
  "encoder-decoder": {
    config: { kind: "encoder-decoder", ...text, encoderDepth: 2, decoderDepth: 3 },
    inputs: () => ({ source, tokens: tokens([1, 3, 5], [2, 4, 6]) }),
    options: { keyLengths },
  },
  "vision": {
    config: { kind: "vision", ...image },
    inputs: () => ({ pixels: ramp(2, 1, 6, 6) }),
  },
  "vision, mean": {
    config: { kind: "vision", ...image, pooling: "mean" },
    inputs: () => ({ pixels: ramp(2, 1, 6, 6) }),
  },
  "masked image": {
    config: {
      kind: "vision",
      ...layers,
      imageSize: 6,
      patchSize: 3,
      channels: 1,
      depth: 2,
      codes: 5,
    },
    inputs: () => ({ pixels: ramp(2, 1, 6, 6), masked: [[0, 3], [1]] }),
  },
  "speech": {
    config: { kind: "speech", ...sound, reads: "all" },
    inputs: () => ({ features: ramp(2, 3, 8) }),
  },
  "keyword": {
    config: { kind: "speech", ...sound, reads: "mean" },
    inputs: () => ({ features: ramp(2, 3, 8) }),
    options: { keyLengths: [8, 5] },
  },
  "image-text": {
    config: { kind: "image-text", ...text, ...cut, depth: 2 },
    inputs: () => ({ pixels: ramp(2, 1, 6, 6), tokens: source }),
    options: { keyLengths: keyLengths.map((length) => 4 + length) },
  },
};

/** Each kind of model with a batch of two. */
export const transformerCases: Readonly<Record<string, TransformerCase>> = {
  "decoder": {
    make: (residual, changes) => {
      const config = completeConfig({ ...text, ...changes, residual, depth: 2 });
      return { ...decoderBlueprint(config), dropout: 0 };
    },
    inputs: () => ({ tokens: tokens([1, 3, 5], [2, 4, 6]) }),
  },
  ...Object.fromEntries(
    Object.entries(kindCases).map(([name, { config, ...batch }]) => [
      name,
      {
        ...batch,
        make: (residual, changes) => transformer({ ...config, ...changes, residual }),
      } satisfies TransformerCase,
    ]),
  ),
};
