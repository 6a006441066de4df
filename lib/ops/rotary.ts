// Rotary position embedding, written with a signed permutation matrix: one product and no slices.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireInteger, requireNumber, requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { matMul } from "./mat_mul.ts";
import type { Tensor } from "../core/tensor.ts";
import { zerosFrom } from "./zeros.ts";

/** Options of {@linkcode rotary}. */
export interface RotaryOptions {
  /** The base of the wavelengths; 10000 by default. */
  readonly base?: number;
  /** How many coordinates turn, the first of each vector; all by default. */
  readonly width?: number;
  /** `half` (the default): coordinate i turns with i + width/2. `pairs`: 2i with 2i + 1. */
  readonly order?: "half" | "pairs";
  /** The position of the first row; 0 by default. */
  readonly first?: number;
  /** By how many radians each pair turns from position to position; base^(−2p/width) by default. */
  readonly speeds?: readonly number[];
  /** What turns is multiplied by this; 1 by default. */
  readonly scale?: number;
  /** How many heads stand side by side in a row, each of which turns alike; 1 by default. */
  readonly heads?: number;
}

/** How coordinates turn, with nothing left open. */
type Turn = Required<Omit<RotaryOptions, "base" | "heads">>;

/** The coordinates of pair p. */
function pairOf({ width, order }: Turn, p: number): readonly [number, number] {
  return order === "half" ? [p, p + width / 2] : [2 * p, 2 * p + 1];
}

/** R with x · R = (−x₂, x₁), where x₁ and x₂ are the members of the pairs; 0 where nothing turns. */
function quarterTurn(turn: Turn, all: number): Tensor {
  const matrix = new Float32Array(all * all);
  for (let p = 0; p < turn.width / 2; p++) {
    const [a, b] = pairOf(turn, p);
    matrix[b * all + a] = -1;
    matrix[a * all + b] = 1;
  }
  return tf.tensor2d(matrix, [all, all]);
}

/** scale · f(t · speed) for position t and pair p, written to both members in each head; `still` where nothing turns. */
function table(
  [length, heads, all]: readonly [length: number, heads: number, all: number],
  turn: Turn,
  f: (angle: number) => number,
  still: number,
): Tensor {
  const values = new Float32Array(length * heads * all).fill(still);
  for (let t = 0; t < length; t++) {
    for (let p = 0; p < turn.width / 2; p++) {
      const value = turn.scale * f((turn.first + t) * turn.speeds[p]!);
      for (const lane of pairOf(turn, p)) {
        for (let head = 0; head < heads; head++) values[(t * heads + head) * all + lane] = value;
      }
    }
  }
  return tf.tensor2d(values, [length, heads * all]);
}

/**
 * Rotary position embedding.
 *
 * ```
 * y = scale (x ⊙ cos θ + (−x₂, x₁) ⊙ sin θ),   θ = t · speeds[p], by default t · base^(−2p/width)
 * ```
 *
 * x₁ and x₂ are the members of the pairs p: by default the two halves of the last axis (the convention of GPT-NeoX and LLaMA); t is the
 * position.
 *
 * Shapes: x [..., T, K], with several heads [..., T, H·K] · returns the same
 * Source: Su et al. 2021, Eq. 34 (arXiv 2104.09864).
 *
 * @param x Queries or keys.
 * @param options Which coordinates are pairs, how fast they turn, and from which position.
 * @returns The rotated values.
 * @throws {RangeError} If the width that turns is odd or above K, `x` has no axis of positions, the base is not above 0, or there is not
 *   one speed for each pair.
 * @throws {TypeError} If `x` is not float32.
 */
export function rotary(x: Tensor, options: RotaryOptions = {}): Tensor {
  requireOptions("rotary()", options, {
    base: "number?",
    width: "number?",
    order: "string?",
    first: "number?",
    speeds: "list?",
    scale: "number?",
    heads: "number?",
  });
  requireDtype("float32", { x });
  if (x.rank < 2) {
    throw new RangeError(
      `Cannot rotate x of shape [${x.shape.join(", ")}]: it must be [..., T, K]`,
    );
  }
  const [length, across] = x.shape.slice(-2) as [number, number];
  const heads = requireInteger("heads", options.heads ?? 1, { min: 1 });
  const all = across / heads;
  if (!Number.isInteger(all)) {
    throw new RangeError(
      `Cannot rotate ${heads} heads in rows of ${across}: it must be a multiple`,
    );
  }
  const base = requireNumber("base", options.base ?? 10000, { above: 0 });
  const order = requireOneOf("order", options.order ?? "half", ["half", "pairs"]);
  const first = requireInteger("first", options.first ?? 0, { min: 0 });
  const width = options.width ?? all;
  if (width % 2 !== 0 || width > all || width < 0) {
    throw new RangeError(
      `Cannot rotate ${width} coordinates of heads of width ${all}: it must be even, and no more`,
    );
  }
  const pairs = width / 2;
  const speeds = options.speeds ??
    Array.from({ length: pairs }, (_, p) => base ** (-2 * p / width));
  if (speeds.length !== pairs) {
    throw new RangeError(`Cannot turn ${pairs} pairs with ${speeds.length} speeds`);
  }
  const scale = requireNumber("scale", options.scale ?? 1);
  if (x.size === 0) return zerosFrom(x.shape, [x]);
  const turn: Turn = { width, order, first, speeds, scale };
  return tf.tidy(() => {
    const size = [length, heads, all] as const;
    const perHead = tf.reshape(x, [x.size / all, all]);
    const quarter = tf.reshape(matMul(perHead, quarterTurn(turn, all)), x.shape);
    const straight = tf.mul(x, table(size, turn, Math.cos, 1));
    return tf.add(straight, tf.mul(quarter, table(size, turn, Math.sin, 0)));
  });
}
