// The parameters of a decoder and their initialization.

import { groupBy } from "../core/collections.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Tree } from "../core/tree.ts";
import type { End, NormPlace, Role } from "../residual/types.ts";
import { drawStarts } from "../transformer/blueprint.ts";
import { completeConfig, type DecoderConfig } from "./config.ts";
import { decoderBlueprint } from "./spec.ts";

/** The parameters of attention; every matrix is [D, D], stored (in, out), every bias [D]. */
export type AttentionParameters = {
  /** Query projection. */
  readonly wq: Tensor;
  /** Key projection. */
  readonly wk: Tensor;
  /** Value projection. */
  readonly wv: Tensor;
  /** Output projection, the matrix that writes to the stream. */
  readonly wo: Tensor;
  /** Query bias. */
  readonly bq?: Tensor;
  /** Key bias. */
  readonly bk?: Tensor;
  /** Value bias. */
  readonly bv?: Tensor;
  /** Output bias. */
  readonly bo?: Tensor;
};

/** The parameters of a feed-forward network; matrices are stored (in, out). */
export type FeedForwardParameters = {
  /** [D, F]: into the hidden layer, or, for SwiGLU, into its gate. */
  readonly w1: Tensor;
  /** [F, D]: the matrix that writes to the stream. */
  readonly w2: Tensor;
  /** [D, F]: SwiGLU's up projection. */
  readonly w3?: Tensor;
  /** [F] */
  readonly b1?: Tensor;
  /** [D] */
  readonly b2?: Tensor;
  /** [F] */
  readonly b3?: Tensor;
};

/** What a norm learns: its gain, and the bias of a LayerNorm. */
export type NormParameters = {
  /** [D], multiplies. */
  readonly gain: Tensor;
  /** [D], added; LayerNorm with biases only. */
  readonly bias?: Tensor;
};

/** What one block learns: matrices and norms of both sub-layers, and gates. */
export type BlockParameters = {
  /** Self-attention. */
  readonly attention: AttentionParameters;
  /** The feed-forward network. */
  readonly feedForward: FeedForwardParameters;
  /** Norms by sub-layer and place. */
  readonly norm: { readonly [role in Role]?: { readonly [place in NormPlace]?: NormParameters } };
  /** GPAS gates, scalars: one for the layer, or one for each sub-layer. */
  readonly gate?: Tensor | { readonly [role in Role]?: Tensor };
  /** Learned scalars of the variant, by sub-layer and name. */
  readonly weight?: { readonly [role in Role]?: Readonly<Record<string, Tensor>> };
};

/** The norms outside the blocks. */
export type EndParameters = { readonly [end in End]?: NormParameters };

/** The parameters of a decoder, a plain tree. */
export type DecoderParameters = {
  /** Token embeddings, [V, D]. */
  readonly wte: Tensor;
  /** Position embeddings, [context, D]; learned positions only. */
  readonly wpe?: Tensor;
  /** The blocks, from layer 1. */
  readonly blocks: readonly BlockParameters[];
  /** The norms outside the blocks. */
  readonly norm: EndParameters;
  /** The head, unless it is tied to the embedding. */
  readonly head?: {
    /** [D, V] */
    readonly w: Tensor;
    /** [V]; absent at the start, it holds what a conversion takes out of the final norm's bias. */
    readonly b?: Tensor;
  };
};

/** The keys of a tree in their order; those of norms and of learned scalars come as the variant names them. */
const order = [
  ...["wte", "wpe", "blocks", "attention", "feedForward", "norm", "gate", "weight", "head"],
  ...["wq", "wk", "wv", "wo", "bq", "bk", "bv", "bo", "w1", "w2", "w3", "b1", "b2", "b3"],
];

/** Tensors by path as a tree. */
function nested(named: ReadonlyMap<string, Tensor>): Tree<Tensor> {
  const groups = groupBy(named, ([path]) => path.split(".", 1)[0]!);
  const within = (key: string, members: readonly (readonly [string, Tensor])[]): Tree<Tensor> =>
    members[0]![0] === key
      ? members[0]![1]
      : nested(new Map(members.map(([path, leaf]) => [path.slice(key.length + 1), leaf])));
  const children = [...groups].map(([key, members]) => [key, within(key, members)] as const);
  if (groups.has("1")) return children.map(([, child]) => child); // layers, from 1
  const place = ([key]: readonly [string, unknown]): number => order.indexOf(key);
  return Object.fromEntries(children.sort((a, b) => place(a) - place(b)));
}

/**
 * The parameters of a decoder at the start.
 *
 * Every matrix is drawn from a stream of its own name: two variants of one seed start from the same numbers, up to their
 * gains. With `"crms-padded"` nothing writes to the last lane of the stream and nothing reads it, and training keeps it so.
 *
 * @param config The configuration.
 * @param seed A whole number ≥ 0.
 * @returns The parameters; the caller frees them ({@linkcode disposeTree}).
 * @throws {RangeError} If the configuration or the seed is out of range, or the parameters are more than 2³² numbers.
 * @throws {OutOfMemoryError} If the backend has no room for the parameters.
 */
export function initDecoder(config: DecoderConfig, seed: number): DecoderParameters {
  const { starts } = decoderBlueprint(completeConfig(config));
  const named = new Map(Object.entries(drawStarts(starts, seed)));
  const tree = nested(named) as Partial<DecoderParameters>;
  return { ...tree, norm: tree.norm ?? {} } as DecoderParameters; // without ends there is no norm
}
