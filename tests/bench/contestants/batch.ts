// The size of a model and the tokens that it is timed on, the same for every library.

import { Random } from "@normkit/normkit";

/** The size of a model and of its batch. The decoder has learned positions, GELU, biases, an untied head, no dropout. */
export interface ModelSize {
  /** The width D. */
  readonly width: number;
  /** The depth L. */
  readonly depth: number;
  /** The number of heads H. */
  readonly heads: number;
  /** The vocabulary V. */
  readonly vocabulary: number;
  /** Tokens of a row, T. */
  readonly tokens: number;
  /** Rows of a batch, B. */
  readonly rows: number;
}

/**
 * A size with the usual numbers filled in: heads of width 32, 96 tokens, 16 rows of 64.
 *
 * @param size What differs.
 * @returns The size.
 */
export function modelSize(
  size: Pick<ModelSize, "width" | "depth"> & Partial<ModelSize>,
): ModelSize {
  return { heads: size.width / 32, vocabulary: 96, tokens: 64, rows: 16, ...size };
}

/**
 * Floating-point operations of products in a forward pass, attention's over all of T × T.
 *
 * @param size The size.
 * @returns Their number; a training step has three times as many.
 */
export function forwardFlops({ width, depth, vocabulary, tokens, rows }: ModelSize): number {
  const layer = 24 * width ** 2 + 4 * tokens * width;
  return rows * tokens * (depth * layer + 2 * width * vocabulary);
}

/** A batch of random tokens. */
export interface Batch {
  /** What the model reads, B rows of T. */
  readonly inputs: readonly Int32Array[];
  /** What it is to predict, B · T in a row. */
  readonly targets: Int32Array;
}

/**
 * A batch, the same in every call.
 *
 * @param size The size.
 * @returns The tokens.
 */
export function randomBatch({ vocabulary, tokens, rows }: ModelSize): Batch {
  const random = new Random(0);
  const draw = (count: number): Int32Array =>
    Int32Array.from({ length: count }, () => random.integer(vocabulary));
  return {
    inputs: Array.from({ length: rows }, () => draw(tokens)),
    targets: draw(rows * tokens),
  };
}

/** A training step's learning rate: small, so that no contestant diverges. */
export const learningRate = 1e-4;
