// A small decoder and its named activations as plain numbers, from which the tests compute in float64 what a probe should say.

import type { Tensor } from "../../../lib/core/tensor.ts";
import { mapTree, Random } from "../../../lib/core/mod.ts";
import {
  decoder,
  type DecoderConfig,
  type DecoderParameters,
  initDecoder,
} from "../../../lib/decoder/mod.ts";
import * as tf from "@tensorflow/tfjs";
import { numbersOf } from "../../support/evaluate.ts";

/** Two layers, two heads, width 8. */
export const config: DecoderConfig = {
  vocabulary: 7,
  context: 6,
  width: 8,
  depth: 2,
  heads: 2,
  residual: "pre-ln+gpas",
};

/** Three rows of five tokens, and what follows them. */
export const batch = {
  inputs: [[0, 1, 2, 3, 4], [6, 5, 4, 3, 2], [1, 1, 6, 0, 5]],
  targets: Int32Array.from([1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 1, 6, 0, 5, 2]),
};

/** Parameters far from their start, so that no gain is 1 and no bias or gate 0. */
export function shakenModel(of: DecoderConfig = config): DecoderParameters {
  const start = initDecoder(of, 3);
  return mapTree<DecoderParameters, Tensor>(start, (leaf, path) => {
    const noise = tf.tensor(new Random(5, path).normals(leaf.size, 0.4), leaf.shape);
    const shaken = tf.add(leaf, noise);
    tf.dispose([leaf, noise]);
    return shaken;
  });
}

/** An activation as rows of its last axis. */
export type Activation = readonly (readonly number[])[];

/** Every activation that the model names, in order. */
export async function activations(
  parameters: DecoderParameters,
  of: DecoderConfig = config,
): Promise<ReadonlyMap<string, Activation>> {
  const names: string[] = [];
  const widths: number[] = [];
  const values = await numbersOf(() => {
    const seen: Tensor[] = [];
    decoder(parameters, of, batch.inputs, {
      tap: (name, value) => {
        names.push(name);
        widths.push(value.shape.at(-1)!);
        seen.push(tf.keep(value.clone()));
      },
    });
    return seen.map((value) => {
      const copy = value.clone();
      value.dispose();
      return copy;
    });
  });
  const rowsOf = (flat: number[], width: number): Activation =>
    Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
  return new Map(names.map((name, i) => [name, rowsOf(values[i]!, widths[i]!)]));
}
