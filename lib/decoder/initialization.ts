// The parameters of a decoder and their initialization.

import * as tf from "@tensorflow/tfjs";
import { requireMemory } from "../backend/out_of_memory.ts";
import { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { mapTree } from "../core/tree.ts";
import type { End, NormPlace, Role, ScaledMatrix } from "../residual/types.ts";
import { type CompleteConfig, completeConfig, type DecoderConfig } from "./config.ts";
import { matrixNumbers } from "./size.ts";
import { decoderSite } from "./spec.ts";

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

type DecoderRole = "attention" | "feedForward";
const roles: readonly DecoderRole[] = ["attention", "feedForward"];

function matrix(random: Random, shape: readonly [number, number], std: number): Tensor {
  return tf.tensor2d(random.normals(shape[0] * shape[1], std), [...shape]);
}

/** Standard deviation of a matrix at the start: Xavier-normal or 0.02, times the variant's gain. */
function deviation(
  config: CompleteConfig,
  layer: number,
  role: DecoderRole,
  name: string,
  dims: readonly [number, number],
): number {
  const base = config.init === "xavier" ? Math.sqrt(2 / (dims[0] + dims[1])) : 0.02;
  const scaled = (["wv", "wo", "w1", "w2"] as const).find((known): known is ScaledMatrix =>
    known === name
  );
  if (scaled === undefined) return base;
  return base * (config.residual.init.gain?.(decoderSite(config, layer, role), scaled) ?? 1);
}

function startAttention(
  config: CompleteConfig,
  layer: number,
  random: Random,
): AttentionParameters {
  const { width, bias } = config;
  const dims = [width, width] as const;
  const drawn = (name: string): Tensor =>
    matrix(random.fork(name), dims, deviation(config, layer, "attention", name, dims));
  const weights = { wq: drawn("wq"), wk: drawn("wk"), wv: drawn("wv"), wo: drawn("wo") };
  const zero = (): Tensor => tf.zeros([width]);
  return bias ? { ...weights, bq: zero(), bk: zero(), bv: zero(), bo: zero() } : weights;
}

function startFeedForward(
  config: CompleteConfig,
  layer: number,
  random: Random,
): FeedForwardParameters {
  const { width, hidden, bias, activation } = config;
  const dims = [width, hidden] as const;
  const std = (name: ScaledMatrix): number => deviation(config, layer, "feedForward", name, dims);
  const inward = (name: string): Tensor => matrix(random.fork(name), dims, std("w1"));
  const weights = {
    w1: inward("w1"),
    w2: matrix(random.fork("w2"), [hidden, width], std("w2")),
    ...(activation === "swiglu" ? { w3: inward("w3") } : {}),
  };
  if (!bias) return weights;
  const biases = { b1: tf.zeros([hidden]), b2: tf.zeros([width]) };
  return { ...weights, ...biases, ...(weights.w3 === undefined ? {} : { b3: tf.zeros([hidden]) }) };
}

/** Gain 1 (or a constant) and, where LayerNorms have one, bias 0. */
function startNorm(
  { bias, norm }: CompleteConfig,
  width: number,
  place: NormPlace,
  gain = 1,
): NormParameters {
  const isLayer = norm === "layer" || (place === "inner" && norm.startsWith("crms"));
  const start = { gain: tf.fill([width], gain) };
  return bias && isLayer ? { ...start, bias: tf.zeros([width]) } : start;
}

/** The norms that a variant owns at one sub-layer. */
function startNorms(
  config: CompleteConfig,
  layer: number,
  role: DecoderRole,
): { readonly [place in NormPlace]?: NormParameters } {
  const { residual, width, hidden } = config;
  const site = decoderSite(config, layer, role);
  return Object.fromEntries(
    residual.wiring(site).norms.map((place) => {
      const length = place === "inner" && role === "feedForward" ? hidden : width;
      const gain = place === "input" ? residual.init.normGain?.(site) : undefined;
      return [place, startNorm(config, length, place, gain)];
    }),
  );
}

/** What a variant owns in one block. */
function startJoints(
  config: CompleteConfig,
  layer: number,
): Pick<BlockParameters, "norm" | "gate" | "weight"> {
  const { gpas, wiring } = config.residual;
  const perRole = <T>(f: (role: DecoderRole) => T): { [role in DecoderRole]?: T } =>
    Object.fromEntries(roles.map((role) => [role, f(role)]));
  const scalars = perRole((role) => wiring(decoderSite(config, layer, role)).weights);
  const gate = (): Tensor => tf.scalar(0);
  return {
    norm: perRole((role) => startNorms(config, layer, role)),
    ...(gpas === undefined ? {} : { gate: gpas.gate === "layer" ? gate() : perRole(gate) }),
    ...(Object.values(scalars).every((own) => own === undefined) ? {} : {
      weight: perRole((role) =>
        Object.fromEntries(
          Object.entries(scalars[role] ?? {}).map(([name, start]) => [name, tf.scalar(start)]),
        )
      ),
    }),
  };
}

function startBlock(config: CompleteConfig, layer: number, random: Random): BlockParameters {
  return {
    attention: startAttention(config, layer, random.fork("attention")),
    feedForward: startFeedForward(config, layer, random.fork("feedForward")),
    ...startJoints(config, layer),
  };
}

/** The embeddings and the matrices that write to the stream with a last column of 0; what they replace is freed. */
function withEmptyLane(parameters: DecoderParameters): DecoderParameters {
  const writes = /(^|\.)(wte|wpe|wo|w2)$/;
  return mapTree<DecoderParameters, Tensor>(parameters, (matrix, path) => {
    if (!writes.test(path)) return matrix;
    const [rows, width] = matrix.shape as [number, number];
    const emptied = tf.tidy(() =>
      tf.pad(tf.slice(matrix, [0, 0], [rows, width - 1]), [[0, 0], [0, 1]])
    );
    matrix.dispose();
    return emptied;
  });
}

/**
 * The parameters of a decoder at the start.
 *
 * Every matrix is drawn from a stream of its own name: two variants of one seed start from the same numbers, up to their
 * gains. With `"crms-padded"` nothing writes to the last lane of the stream; training keeps it so, since no gradient arrives
 * there.
 *
 * @param config The configuration.
 * @param seed A whole number ≥ 0.
 * @returns The parameters; the caller frees them ({@linkcode disposeTree}).
 * @throws {RangeError} If the configuration or the seed is out of range.
 * @throws {OutOfMemoryError} If the backend has no room for the parameters.
 */
export function initDecoder(config: DecoderConfig, seed: number): DecoderParameters {
  const complete = completeConfig(config);
  requireMemory(4 * matrixNumbers(complete));
  const { vocabulary, context, width, depth, positions, tied, embeddingStd } = complete;
  const random = new Random(seed);
  const headStd = complete.init === "xavier" ? Math.sqrt(2 / (width + vocabulary)) : 0.02;
  const end = (): NormParameters => startNorm(complete, width, "stream");
  const parameters: DecoderParameters = {
    wte: matrix(random.fork("wte"), [vocabulary, width], embeddingStd),
    ...(positions === "learned"
      ? { wpe: matrix(random.fork("wpe"), [context, width], embeddingStd) }
      : {}),
    blocks: Array.from(
      { length: depth },
      (_, index) => startBlock(complete, index + 1, random.fork(`blocks.${index + 1}`)),
    ),
    norm: Object.fromEntries(complete.ends.map((name) => [name, end()])),
    ...(tied ? {} : { head: { w: matrix(random.fork("head"), [width, vocabulary], headStd) } }),
  };
  return complete.norm === "crms-padded" ? withEmptyLane(parameters) : parameters;
}
