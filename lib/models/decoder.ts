// The decoder-only Transformer: embedding, a stack of attention and feed-forward sub-layers, a head.

import * as tf from "@tensorflow/tfjs";
import { requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { mapTree, requireFloats, tensorsOf } from "../core/tree.ts";
import { attention, type AttentionParameters, initAttention } from "../layers/attention.ts";
import {
  feedForward,
  type FeedForwardParameters,
  initFeedForward,
} from "../layers/feed_forward.ts";
import { initMatrix } from "../layers/linear.ts";
import { dropout } from "../ops/dropout.ts";
import { lookup } from "../ops/lookup.ts";
import { matMul } from "../ops/mat_mul.ts";
import type { Matrix, Site, Sublayer } from "../residual/types.ts";
import { type CompleteConfig, completeConfig, type DecoderConfig } from "./config.ts";
import {
  type EndParameters,
  initEnds,
  initJoints,
  type JointParameters,
  runStack,
  type StackConfig,
  type Tap,
} from "./stack.ts";

/** The parameters of one block. */
export type BlockParameters = JointParameters & {
  /** Self-attention. */
  readonly attention: AttentionParameters;
  /** The feed-forward network. */
  readonly feedForward: FeedForwardParameters;
};

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

/** Token ids in [0, V): B rows of the same length T. */
export type Tokens = readonly ArrayLike<number>[];

/** What a forward pass may do besides computing logits. */
export interface DecoderOptions {
  /** Receives named activations. */
  readonly tap?: Tap;
  /** Draws the dropout masks; without it nothing is dropped (evaluation). */
  readonly dropout?: Random;
}

function stackConfig(config: CompleteConfig): StackConfig {
  return { ...config, stack: "decoder", roles: ["attention", "feedForward"] };
}

/** Standard deviation of a matrix at the start: Xavier-normal or 0.02, times the variant's gain. */
function weightStd(
  config: CompleteConfig,
  site: Site,
  matrix: string,
  dims: readonly [number, number],
): number {
  const base = config.init === "xavier" ? Math.sqrt(2 / (dims[0] + dims[1])) : 0.02;
  const scaled = (["wv", "wo", "w1", "w2"] as const).find((name): name is Matrix =>
    name === matrix
  );
  return base * (scaled === undefined ? 1 : config.residual.init.gain?.(site, scaled) ?? 1);
}

function initBlock(config: CompleteConfig, layer: number, random: Random): BlockParameters {
  const { width, hidden, depth, bias, activation } = config;
  const at = (role: Site["role"]): Site => ({ layer, depth, stack: "decoder", role });
  return {
    attention: initAttention(random.fork("attention"), width, {
      std: (matrix) => weightStd(config, at("attention"), matrix, [width, width]),
      bias,
    }),
    feedForward: initFeedForward(random.fork("feedForward"), { width, hidden }, {
      std: (matrix) => weightStd(config, at("feedForward"), matrix, [width, hidden]),
      activation,
      bias,
    }),
    ...initJoints(stackConfig(config), layer),
  };
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
 */
export function initDecoder(config: DecoderConfig, seed: number): DecoderParameters {
  const complete = completeConfig(config);
  const { vocabulary, context, width, depth, positions, tied, embeddingStd } = complete;
  const random = new Random(seed);
  const headStd = complete.init === "xavier" ? Math.sqrt(2 / (width + vocabulary)) : 0.02;
  const parameters: DecoderParameters = {
    wte: initMatrix(random.fork("wte"), [vocabulary, width], embeddingStd),
    ...(positions === "learned"
      ? { wpe: initMatrix(random.fork("wpe"), [context, width], embeddingStd) }
      : {}),
    blocks: Array.from(
      { length: depth },
      (_, index) => initBlock(complete, index + 1, random.fork(`blocks.${index + 1}`)),
    ),
    norm: initEnds(stackConfig(complete)),
    ...(tied ? {} : { head: { w: initMatrix(random.fork("head"), [width, vocabulary], headStd) } }),
  };
  return complete.norm === "crms-padded" ? withEmptyLane(parameters) : parameters;
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

/** Checks tokens against the model and joins their rows. */
function flatten(tokens: Tokens, { vocabulary, context }: CompleteConfig): Int32Array {
  const length = tokens[0]?.length ?? 0;
  if (length === 0) {
    throw new RangeError("Cannot run on no tokens: give at least one row of at least one token");
  }
  if (length > context) {
    throw new RangeError(
      `Cannot run on a sequence of ${length} tokens: the context holds ${context}`,
    );
  }
  const ids: number[] = [];
  tokens.forEach((row, index) => {
    if (row.length !== length) {
      throw new RangeError(
        `Cannot run on rows of ${length} and ${row.length} tokens: rows must be equally long`,
      );
    }
    for (const id of Array.from(row)) {
      if (!Number.isInteger(id) || id < 0 || id >= vocabulary) {
        throw new RangeError(
          `Cannot use token ${id} in row ${index}: tokens go from 0 to ${vocabulary - 1}`,
        );
      }
      ids.push(id);
    }
  });
  return Int32Array.from(ids);
}

/**
 * The logits of a decoder.
 *
 * Shapes: tokens B rows of T ids · returns [B, T, V]
 * Units: unnormalized log probabilities, in nats.
 *
 * @param parameters The parameters, from {@linkcode initDecoder} of the same configuration.
 * @param config The configuration.
 * @param tokens Rows of token ids.
 * @param options Taps and dropout.
 * @returns The logits of the next token at each position.
 * @throws {RangeError} If a token is outside the vocabulary, a sequence is longer than the context, or rows differ in length.
 * @throws {TypeError} If a parameter is not float32.
 */
export function decoder(
  parameters: DecoderParameters,
  config: DecoderConfig,
  tokens: Tokens,
  options: DecoderOptions = {},
): Tensor {
  requireOptions("decoder()", options, { tap: "function?", dropout: "object?" });
  const complete = completeConfig(config);
  const { width, heads, activation, positions, embeddingScale } = complete;
  const ids = flatten(tokens, complete);
  requireFloats(tensorsOf(parameters));
  const [batch, length] = [tokens.length, tokens[0]!.length];
  const tap: Tap = options.tap ?? (() => {});
  const drop = (x: Tensor, label: string): Tensor =>
    options.dropout === undefined ? x : dropout(x, complete.dropout, options.dropout.fork(label));

  const embed = (): Tensor => {
    const rows = tf.reshape(lookup(parameters.wte, ids), [batch, length, width]);
    const scaled = embeddingScale === 1 ? rows : tf.mul(rows, embeddingScale);
    if (parameters.wpe === undefined) return scaled;
    return tf.add(scaled, tf.slice(parameters.wpe, [0, 0], [length, width]));
  };
  const branch = ({ layer, role }: Site): Sublayer => (x, inner) => {
    const block = parameters.blocks[layer - 1]!;
    const norm = inner === undefined ? {} : { inner };
    const y = role === "feedForward"
      ? feedForward(block.feedForward, x, { activation, ...norm })
      : attention(block.attention, x, {
        heads,
        rotary: positions === "rotary",
        onPattern: (pattern) => tap(`blocks.${layer}.attn.pattern`, pattern),
        ...norm,
      });
    return drop(y, `blocks.${layer}.${role}`);
  };
  return tf.tidy(() => {
    const x = drop(embed(), "embed");
    tap("embed", x);
    const stack = {
      blocks: parameters.blocks,
      ends: parameters.norm,
      config: stackConfig(complete),
    };
    const out = runStack(x, stack, branch, tap);
    tap("final", out);
    const { w, b } = parameters.head ?? { w: tf.transpose(parameters.wte) };
    return matMul(out, w, b);
  });
}
