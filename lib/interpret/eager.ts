// The forward pass on tensors of tfjs: batches, fused kernels and gradients.

import * as tf from "@tensorflow/tfjs";
import { requireInteger } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import type { EntryOf, Interpreter, Picked } from "../model/interpreter.ts";
import {
  hasOffset,
  inputOf,
  type Linear,
  type NormSpec,
  type Stack,
  type Table,
  withoutOffset,
} from "../model/spec.ts";
import { sinusoidRows, tokenPlaces } from "../model/sinusoids.ts";
import { gpas } from "../ops/gpas.ts";
import { lookup } from "../ops/lookup.ts";
import { matMul } from "../ops/mat_mul.ts";
import { attendEagerly, gatesOf, type KeyValueStore, splitEagerly } from "./eager_attention.ts";
import { endOf, lastOf } from "./head_rows.ts";
import { convolveFrames, imagesAsCut, patchRows } from "./eager_inputs.ts";
import { maskFactors } from "./masked_tokens.ts";
import { alternatingSinusoids, gridOf } from "../model/patches.ts";
import { activationFunctions, normFunctions, route } from "./tensor_functions.ts";
import { tensorAlgebra } from "../residual/tensor_algebra.ts";

/** B rows of T token ids each, one after the other. */
export interface TokenBatch {
  /** The ids, row by row. */
  readonly ids: Int32Array;
  /** B and T. */
  readonly size: readonly [batch: number, length: number];
}

/** What a batch of inputs holds; a stack runs where the input of its entry is given. */
export interface EagerInputs {
  /** Token ids. */
  readonly tokens?: TokenBatch;
  /** Token ids that an encoder reads, of a model whose decoder reads others. */
  readonly source?: TokenBatch;
  /** Images [B, C, H, W]. */
  readonly pixels?: Tensor;
  /** Videos [B, F, C, H, W]. */
  readonly video?: Tensor;
  /** Spectrograms of sounds [B, frames, frequencies]. */
  readonly spectrogram?: Tensor;
  /** Features of sounds [B, channels, frames]. */
  readonly features?: Tensor;
  /** Samples of sounds [B, samples]. */
  readonly waveform?: Tensor;
}

/** Parameters, inputs and what is done besides. */
export interface EagerOptions {
  /** The parameter of a name, if there is one. */
  readonly parameter: (name: string) => Tensor | undefined;
  /** What the model reads. */
  readonly inputs: EagerInputs;
  /** How many rows of each sequence count for attention that sees both sides; those that follow are padding. */
  readonly keyLengths?: readonly number[];
  /** Keys and values of tokens that came before. */
  readonly store?: KeyValueStore;
  /** Receives attention patterns [B, H, T, S] under names such as `blocks.1.attn.pattern`. */
  readonly onPattern?: (name: string, pattern: Tensor) => void;
}

/**
 * The forward pass on tensors [B, T, D]. Run it in a `tf.tidy`: only what is returned from that is kept.
 *
 * @param options Parameters and inputs.
 * @returns The interpreter.
 * @throws {RangeError} Later, from its operations, if a parameter or an input is missing or does not fit.
 */
export function eagerInterpreter(options: EagerOptions): Interpreter<Tensor> {
  const { inputs, store, onPattern, keyLengths } = options;

  const required = (name: string): Tensor => {
    const value = options.parameter(name);
    if (value === undefined) throw new RangeError(`Cannot run without the parameter ${name}`);
    return value;
  };
  const requiredInput = <K extends keyof EagerInputs>(kind: K): NonNullable<EagerInputs[K]> => {
    const input = inputs[kind];
    if (input === undefined) throw new RangeError(`Cannot run without ${kind}`);
    return input;
  };
  /** A table's vectors [N, D]. */
  const tableOf = ({ table }: Table, width: number): Tensor => {
    const stored = required(table);
    if (stored.shape.at(-1) !== width) {
      throw new RangeError(
        `Cannot read vectors of ${width} numbers from ${table}: its shape is [${stored.shape}]`,
      );
    }
    return stored.rank === 2 ? stored : tf.reshape(stored, [-1, width]);
  };
  const linear = (x: Tensor, { weight, bias, layout }: Linear): Tensor => {
    const stored = required(weight);
    const w = stored.rank === 2 ? stored : tf.reshape(stored, [stored.shape[0]!, -1]);
    const b = options.parameter(bias);
    if (layout === "in-out") return matMul(x, w, b);
    const [outputs, depth] = w.shape as [number, number];
    if (x.shape.at(-1) !== depth) {
      throw new RangeError(
        `Cannot multiply rows of ${
          x.shape.at(-1)
        } numbers by ${weight}: it is [${w.shape}], out-in`,
      );
    }
    const product = tf.matMul(tf.reshape(x, [-1, depth]), w, false, true);
    const y = tf.reshape(product, [...x.shape.slice(0, -1), outputs]);
    return b === undefined ? y : tf.add(y, b);
  };
  const norm = (x: Tensor, { kind, eps, gain, bias }: NormSpec): Tensor => {
    const [g, b] = [options.parameter(gain), options.parameter(bias)];
    return normFunctions[withoutOffset(kind)](x, {
      eps,
      ...(g === undefined ? {} : { gain: hasOffset(kind) ? tf.add(g, 1) : g }),
      ...(b === undefined ? {} : { bias: b }),
    });
  };
  /** How many images, videos or spectrograms there are. */
  const batchOf = (): number =>
    (inputs.video ?? inputs.spectrogram ?? requiredInput("pixels")).shape[0]!;
  const imagesOf = (entry: EntryOf<"patches">): Tensor =>
    imagesAsCut(requiredInput(entry.input ?? "pixels"), entry);
  const countPatches = (entry: EntryOf<"patches">): number => {
    const [batch, , height, width] = imagesOf(entry).shape as [number, number, number, number];
    const [down, across] = gridOf(entry, [height, width]);
    return batch / batchOf() * down * across;
  };
  const rowsOf = (x: Tensor, first: number, count = x.shape[1]! - first): Tensor =>
    tf.slice(x, [0, first, 0], [x.shape[0]!, count, x.shape[2]!]);

  return {
    has: (name) => options.parameter(name) !== undefined,
    reads: (entry) => inputs[inputOf(entry)] !== undefined,
    ...tensorAlgebra,

    tokens: ({ tokens, source, masked }, width) => {
      const { ids, size } = requiredInput(source === true ? "source" : "tokens");
      const rows = tf.reshape(lookup(tableOf(tokens, width), ids), [...size, width]);
      if (masked === undefined) return rows;
      const [batch, length] = size;
      const factors = Array.from(
        { length: batch },
        (_, row) => maskFactors(ids.subarray(row * length, (row + 1) * length), masked),
      );
      return tf.mul(rows, tf.tensor(factors.flat(), [batch, length, 1]));
    },
    addPositions: (x, table, offset) => {
      const [, length, width] = x.shape as [number, number, number];
      const rows = tableOf(table, width);
      const first = offset + (store?.past ?? 0);
      requireInteger(`end of rows of ${table.table}`, first + length, { max: rows.shape[0]! });
      return tf.add(x, tf.slice(rows, [first, 0], [length, width]));
    },
    addSinusoids: (x, entry, sinusoids) => {
      const [batch, length, width] = x.shape as [number, number, number];
      const { ids } = requiredInput(entry.source === true ? "source" : "tokens");
      const texts = Array.from({ length: batch }, (_, row) => {
        const tokens = ids.subarray(row * length, (row + 1) * length);
        return tokenPlaces(entry, tokens, store?.past);
      });
      const rows = sinusoidRows(sinusoids, width, texts.flat());
      return tf.add(x, tf.tensor3d(Float32Array.from(rows), [batch, length, width]));
    },
    addFirst: (x, table) => tf.add(x, tf.slice(tableOf(table, x.shape.at(-1)!), [0, 0], [1, -1])),
    addAlternatingSinusoids: (x, count) => {
      const width = x.shape.at(-1)!;
      return tf.add(x, tf.tensor(Array.from(alternatingSinusoids(count, width)), [count, width]));
    },
    patches: (entry, width) => {
      const rows = linear(patchRows(imagesOf(entry), entry), entry.patches);
      return tf.reshape(rows, [batchOf(), -1, width]);
    },
    countPatches,
    frames: ({ input }) => {
      const sound = requiredInput(input);
      return input === "waveform" ? tf.expandDims(sound, -1) : tf.transpose(sound, [0, 2, 1]);
    },
    convolve: (x, convolution) =>
      convolveFrames(x, convolution, {
        kernel: required(convolution.linear.weight),
        lengths: convolution.lengths === undefined ? undefined : required(convolution.lengths),
        bias: options.parameter(convolution.linear.bias),
      }),
    normOverTime: (x, { eps, gain, bias }) => {
      const turned = tf.transpose(x, [0, 2, 1]);
      const normed = tf.transpose(normFunctions.layer(turned, { eps }), [0, 2, 1]);
      return tf.add(tf.mul(normed, required(gain)), required(bias));
    },
    vectors: (table, width) => {
      const rows = tableOf(table, width);
      return tf.tile(tf.expandDims(rows, 0), [batchOf(), 1, 1]);
    },
    countVectors: (table, width) => tableOf(table, width).shape[0]!,
    joinRows: (parts) => parts.length === 1 ? parts[0]! : tf.concat([...parts], 1),
    rows: rowsOf,

    linear,
    norm,
    route,
    multiplyColumn: (x, others, column) => {
      const [batch, length] = others.shape as [number, number, number];
      return tf.mul(x, tf.slice(others, [0, 0, column], [batch, length, 1]));
    },
    activate: (x, activation) => activationFunctions[activation](x),
    multiply: (x, y) => tf.mul(x, y),
    multiplyVectors: (x, vectors) =>
      tf.mul(x, tf.concat(vectors.map((name) => tf.reshape(required(name), [-1])))),
    normHeads: (x, site, headWidth) =>
      tf.reshape(norm(tf.reshape(x, [...x.shape.slice(0, -1), -1, headWidth]), site), x.shape),
    clip: (x, limit) => tf.clipByValue(x, -limit, limit),
    softcap: (x, limit) => tf.mul(limit, tf.tanh(tf.div(x, limit))),
    addSum: (x, factor) => tf.add(x, tf.mul(tf.sum(x, -1, true), factor)),
    halves: (x) => tf.split(x, 2, -1) as [Tensor, Tensor],
    firstColumns: (x, count) => tf.slice(x, [0, 0, 0], [x.shape[0]!, x.shape[1]!, count]),
    scalar: required,
    gpas: (x, gate, activation) => gpas(x, required(gate), { activation }),

    splitQkv: splitEagerly,
    relativeGates: (x, gate, { heads, headWidth }) => {
      const [batch, length] = x.shape as [number, number, number];
      const perHead = tf.reshape(x, [batch, length * heads, headWidth]);
      return gatesOf(linear(perHead, gate.linear), required(gate.constants));
    },
    attend: (given, attention, label) =>
      attendEagerly(given, attention, {
        label,
        store,
        keyLengths: attention.causal ? undefined : keyLengths,
        table: ({ table }) => required(table.table),
        onPattern: onPattern && ((pattern) => onPattern(`${label}.pattern`, pattern)),
      }),
    pick: (x, head, stack) => headRows(x, head, stack, inputs, countPatches, rowsOf),
  };
}

/** A row of each sequence [B, T, D], by its place among the tokens: [B, 1, D]. */
function rowsAt(
  x: Tensor,
  { ids, size: [batch, length] }: TokenBatch,
  placeIn: (tokens: number[]) => number,
): Tensor {
  const places = Int32Array.from(
    { length: batch },
    (_, row) => row * length + placeIn([...ids.subarray(row * length, (row + 1) * length)]),
  );
  const width = x.shape.at(-1)!;
  return tf.reshape(lookup(tf.reshape(x, [batch * length, width]), places), [batch, 1, width]);
}

/** The rows of a final norm [B, T, D] that a head reads. */
function headRows(
  x: Tensor,
  head: Picked,
  { entry }: Stack,
  { tokens }: EagerInputs,
  countPatches: (entry: EntryOf<"patches">) => number,
  rowsOf: (x: Tensor, first: number, count?: number) => Tensor,
): Tensor {
  const length = x.shape[1]!;
  const patchMean = (): Tensor => {
    if (entry.kind !== "patches") {
      throw new RangeError(
        `Cannot read the mean of patches of a stack that starts with ${entry.kind}`,
      );
    }
    const count = countPatches(entry);
    return tf.mean(rowsOf(x, length - count, count), 1, true);
  };
  switch (head.reads) {
    case "all":
      return x;
    case "first":
      return rowsOf(x, 0, 1);
    case "second":
      return rowsOf(x, 1, 1);
    case "last":
      return head.padToken === undefined
        ? rowsOf(x, length - 1, 1)
        : rowsAt(x, tokens!, (own) => lastOf(own, head));
    case "end":
      return rowsAt(x, tokens!, (own) => endOf(own, head));
    case "mean":
      return tf.mean(x, 1, true);
    case "patch-mean":
      return patchMean();
    case "first-two":
      return tf.mean(rowsOf(x, 0, 2), 1, true);
    case "first-and-mean":
      return tf.concat([rowsOf(x, 0, 1), patchMean()], -1);
  }
}
