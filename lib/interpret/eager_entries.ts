// How streams of tensors start: from tokens, images and sounds.

import * as tf from "@tensorflow/tfjs";
import { requireInteger } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import type { EntryOf, Interpreter } from "../model/interpreter.ts";
import { alternatingSinusoids } from "../model/patches.ts";
import { placeRows, sinusoidRows, tokenPlaces } from "../model/sinusoids.ts";
import { lookup } from "../ops/lookup.ts";
import { stopGradient } from "../ops/stop_gradient.ts";
import type { EagerContext } from "./eager_context.ts";
import { convolveFrames, patchRows } from "./eager_inputs.ts";
import { maskPatches } from "./masked_patches.ts";
import { maskFactors } from "./masked_tokens.ts";
import { normFunctions } from "./tensor_functions.ts";

/** The operations that entries are made of. */
type Entries = Pick<
  Interpreter<Tensor>,
  | ("tokens" | "addPositions" | "addSinusoids" | "addFirst" | "addAlternatingSinusoids")
  | ("patches" | "countPatches" | "frames" | "convolve" | "normOverTime")
  | ("vectors" | "countVectors")
>;

/** Rows of tokens, of which those of one token have no gradient. */
function trainedRows(rows: Tensor, ids: Int32Array, untrained: number | undefined): Tensor {
  if (untrained === undefined || !ids.includes(untrained)) return rows;
  const trained = tf.tensor2d(Array.from(ids, (id) => Number(id !== untrained)), [ids.length, 1]);
  return tf.add(tf.mul(rows, trained), tf.mul(stopGradient(rows), tf.sub(1, trained)));
}

/**
 * Entries over the inputs and tables of a run.
 *
 * @param context Parameters and inputs.
 * @returns The operations.
 * @throws {RangeError} Later, from the operations, if an input or a table is missing or does not fit.
 */
export function eagerEntries(context: EagerContext): Entries {
  const tokensOf = ({ source }: EntryOf<"tokens">) =>
    context.input(source === true ? "source" : "tokens");
  const textsOf = (entry: EntryOf<"tokens">, batch: number): Int32Array[] => {
    const { ids } = tokensOf(entry);
    const length = ids.length / batch;
    return Array.from(
      { length: batch },
      (_, row) => ids.subarray(row * length, (row + 1) * length),
    );
  };
  return {
    tokens: (entry, width) => {
      const { tokens, masked, untrained } = entry;
      const { ids, size } = tokensOf(entry);
      const found = lookup(context.table(tokens, width), ids);
      const rows = tf.reshape(trainedRows(found, ids, untrained), [...size, width]);
      if (masked === undefined) return rows;
      const [batch, length] = size;
      const factors = textsOf(entry, batch).map((text, row) =>
        maskFactors(text, masked, context.keyLengths?.[row])
      );
      return tf.mul(rows, tf.tensor(factors.flat(), [batch, length, 1]));
    },
    addPositions: (x, table, entry) => {
      const [batch, length, width] = x.shape as [number, number, number];
      const rows = context.table(table, width);
      const first = (entry?.offset ?? 0) + context.past;
      requireInteger(`end of rows of ${table.table}`, first + length, { max: rows.shape[0]! });
      if (entry?.padding === undefined) {
        return tf.add(x, tf.slice(rows, [first, 0], [length, width]));
      }
      const places = textsOf(entry, batch).flatMap((tokens) => placeRows(entry, tokens));
      return tf.add(x, tf.reshape(lookup(rows, Int32Array.from(places)), [batch, length, width]));
    },
    addSinusoids: (x, entry, sinusoids) => {
      const [batch, length, width] = x.shape as [number, number, number];
      const places = textsOf(entry, batch)
        .flatMap((tokens) => tokenPlaces(entry, tokens, context.past));
      const rows = sinusoidRows(sinusoids, width, places);
      return tf.add(x, tf.tensor3d(Float32Array.from(rows), [batch, length, width]));
    },
    addFirst: (x, table) =>
      tf.add(x, tf.slice(context.table(table, x.shape.at(-1)!), [0, 0], [1, -1])),
    addAlternatingSinusoids: (x, count) => {
      const width = x.shape.at(-1)!;
      return tf.add(x, tf.tensor(Array.from(alternatingSinusoids(count, width)), [count, width]));
    },
    patches: (entry, width) => {
      const rows = context.linear(patchRows(context.images(entry), entry), entry.patches);
      const patches = tf.reshape(rows, [context.batch(), -1, width]);
      const { masked } = context;
      if (masked === undefined) return patches;
      if (entry.mask === undefined) {
        throw new RangeError("Cannot mask patches: the model has no vector that stands for them");
      }
      return maskPatches(patches, masked, context.table(entry.mask, width));
    },
    countPatches: (entry) => context.countPatches(entry),
    frames: ({ input }) => {
      const sound = context.input(input);
      return input === "waveform" ? tf.expandDims(sound, -1) : tf.transpose(sound, [0, 2, 1]);
    },
    convolve: (x, convolution) =>
      convolveFrames(context.beforeConvolution(x, convolution), convolution, {
        kernel: context.required(convolution.linear.weight),
        lengths: convolution.lengths === undefined
          ? undefined
          : context.required(convolution.lengths),
        bias: context.optional(convolution.linear.bias),
      }),
    normOverTime: (x, { eps, gain, bias }) => {
      const turned = tf.transpose(x, [0, 2, 1]);
      const normed = tf.transpose(normFunctions.layer(turned, { eps }), [0, 2, 1]);
      return tf.add(tf.mul(normed, context.required(gain)), context.required(bias));
    },
    vectors: (table, width) => {
      const rows = context.table(table, width);
      return tf.tile(tf.expandDims(rows, 0), [context.batch(), 1, 1]);
    },
    countVectors: (table, width) => context.table(table, width).shape[0]!,
  };
}
