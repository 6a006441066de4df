// What the operations on tensors of tfjs share: parameters and inputs by name, and the maps and norms of rows.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { EntryOf } from "../model/interpreter.ts";
import { gridOf } from "../model/patches.ts";
import {
  type Convolution,
  hasOffset,
  type Linear,
  type NormSpec,
  type Table,
  withoutOffset,
} from "../model/spec.ts";
import { matMul, matMuls } from "../ops/mat_mul.ts";
import { countOutputs } from "./audio.ts";
import type { KeyValueStore } from "./eager_attention.ts";
import { imagesAsCut } from "./eager_inputs.ts";
import { perRow } from "./padding.ts";
import { normFunctions } from "./tensor_functions.ts";

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
  /** The places of patches that a model is to guess, of each image; patches of videos and spectrograms too. */
  readonly masked?: readonly (readonly number[])[];
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
  /** How many tokens or frames of each sequence count where attention sees both sides; those that follow are padding. */
  readonly keyLengths?: readonly number[];
  /** Keys and values of tokens that came before. */
  readonly store?: KeyValueStore;
  /** Receives attention patterns [B, H, T, S] under names such as `blocks.1.attn.pattern`. */
  readonly onPattern?: (name: string, pattern: Tensor) => void;
}

/** Parameters and inputs of one run. */
export class EagerContext {
  readonly #options: EagerOptions;
  #lengths: readonly number[] | undefined;

  constructor(options: EagerOptions) {
    this.#options = options;
    this.#lengths = options.keyLengths;
  }

  /** How many tokens came before. */
  get past(): number {
    return this.#options.store?.past ?? 0;
  }

  /** How many rows of each sequence count; undefined where all do. */
  get keyLengths(): readonly number[] | undefined {
    return this.#lengths;
  }

  /** A sound's frames [B, T, C] with 0 in the place of padding; of what a convolution makes of them fewer count from here on. */
  beforeConvolution(x: Tensor, convolution: Convolution): Tensor {
    const lengths = this.#lengths;
    if (lengths === undefined) return x;
    const [batch, rows] = x.shape as [number, number, number];
    const counted = perRow(lengths, [batch, rows], { counted: () => 1, padding: 0 });
    this.#lengths = lengths.map((length) => countOutputs(length, convolution));
    return tf.mul(x, tf.expandDims(counted, -1));
  }

  /** The parameter of a name, if there is one. */
  optional(name: string): Tensor | undefined {
    return this.#options.parameter(name);
  }

  /** The parameter of a name. */
  required(name: string): Tensor {
    const value = this.optional(name);
    if (value === undefined) throw new RangeError(`Cannot run without the parameter ${name}`);
    return value;
  }

  /** What the run was given of a kind. */
  input<K extends keyof EagerInputs>(kind: K): NonNullable<EagerInputs[K]> {
    const input = this.#options.inputs[kind];
    if (input === undefined) throw new RangeError(`Cannot run without ${kind}`);
    return input;
  }

  /** A table's vectors [N, D]. */
  table({ table }: Table, width: number): Tensor {
    const stored = this.required(table);
    if (stored.shape.at(-1) !== width) {
      throw new RangeError(
        `Cannot read vectors of ${width} numbers from ${table}: its shape is [${stored.shape}]`,
      );
    }
    return stored.rank === 2 ? stored : tf.reshape(stored, [-1, width]);
  }

  /** y = op(W) x + b. */
  linear(x: Tensor, { weight, bias, layout }: Linear): Tensor {
    const stored = this.required(weight);
    const w = stored.rank === 2 ? stored : tf.reshape(stored, [stored.shape[0]!, -1]);
    const b = this.optional(bias);
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
  }

  /** Several of them at once, or undefined where they are to be computed one by one. */
  linears(x: Tensor, maps: readonly Linear[]): Tensor[] | undefined {
    if (maps.some(({ layout }) => layout !== "in-out")) return undefined;
    const found = maps.map(({ weight, bias }) => ({
      w: this.required(weight),
      bias: this.optional(bias),
    }));
    return found.some(({ w }) => w.rank !== 2) ? undefined : matMuls(x, found);
  }

  /** A norm of each row. */
  norm(x: Tensor, { kind, eps, gain, bias }: NormSpec): Tensor {
    const [g, b] = [this.optional(gain), this.optional(bias)];
    return normFunctions[withoutOffset(kind)](x, {
      eps,
      ...(g === undefined ? {} : { gain: hasOffset(kind) ? tf.add(g, 1) : g }),
      ...(b === undefined ? {} : { bias: b }),
    });
  }

  /** How many images, videos or spectrograms there are. */
  batch(): number {
    const { video, spectrogram } = this.#options.inputs;
    return (video ?? spectrogram ?? this.input("pixels")).shape[0]!;
  }

  /** The images of an entry, frames of videos and spectrograms among them. */
  images(entry: EntryOf<"patches">): Tensor {
    return imagesAsCut(this.input(entry.input ?? "pixels"), entry);
  }

  /** The places of patches that are to be guessed, of each image; undefined where none are. */
  get masked(): EagerInputs["masked"] {
    return this.#options.inputs.masked;
  }

  /** How many patches each image has. */
  countPatches(entry: EntryOf<"patches">): number {
    const [batch, , height, width] = this.images(entry).shape as [number, number, number, number];
    const [down, across] = gridOf(entry, [height, width]);
    return batch / this.batch() * down * across;
  }
}

/** Rows of each sequence: `count` of them, or all that follow the first. */
export function sliceRows(x: Tensor, first: number, count = x.shape[1]! - first): Tensor {
  return tf.slice(x, [0, first, 0], [x.shape[0]!, count, x.shape[2]!]);
}
