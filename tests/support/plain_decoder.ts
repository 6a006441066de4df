// A decoder of this library in plain loops over rows: the papers' recurrences around a plain layer. What the description of such
// a decoder, and what folding makes of it, are measured by.

import type { DecoderConfig } from "../../lib/decoder/config.ts";
import { deepNormDecoderAlpha } from "../reference/constants.ts";
import type { Row, Rows } from "../reference/rows.ts";
import { addRows, mapRows, transpose, zip } from "../reference/rows.ts";
import type { Tensors } from "./normkit_model.ts";
import { type Affine, affine, plainAttention, plainFeedForward, plainNorm } from "./plain_layer.ts";

/** A function of all rows of the stream. */
export type OfRows = (x: Rows) => number[][];

/** One place where a branch joins the stream. */
export interface Joint {
  readonly layer: number;
  readonly depth: number;
  readonly f: OfRows;
  /** The only norm of the site. */
  readonly norm: OfRows;
  /** A GPAS gate. */
  readonly gate?: number;
}

const times = (x: Rows, factor: number): number[][] => mapRows(x, (value) => factor * value);

function gpas(x: Rows, { gate }: Joint): number[][] {
  return gate === undefined ? times(x, 1) : times(x, 1 - gate / (1 + Math.exp(-gate)));
}

const post = (x: Rows, at: Joint): number[][] => at.norm(addRows(gpas(x, at), at.f(x)));
const pre = (x: Rows, at: Joint): number[][] => gpas(addRows(x, at.f(at.norm(x))), at);

const behind = (x: Rows, at: Joint): number[][] => gpas(addRows(x, at.norm(at.f(x))), at);

/** x after a joint, by the variant's id without "+gpas". */
const updates: Readonly<Record<string, (x: Rows, at: Joint) => number[][]>> = {
  "post-ln": post,
  "pre-ln": pre,
  "lns-gain": pre,
  "deep-norm": (x, at) =>
    at.norm(addRows(times(gpas(x, at), deepNormDecoderAlpha(at.depth)), at.f(x))),
  "lns": (x, at) => gpas(addRows(x, at.f(times(at.norm(x), at.layer ** -0.5))), at),
  "res-post-norm": behind,
  "mix-ln": (x, at) => at.layer <= Math.floor(at.depth / 4) ? post(x, at) : pre(x, at),
};

/** The variants that have a recurrence here. */
export const plainIds: readonly string[] = Object.keys(updates);

/**
 * The stream behind the last joint.
 *
 * @param id The variant, with or without "+gpas".
 * @param joints The joints in order, whose gates are those of "+gpas".
 * @param x The stream where they start.
 */
export function plainStream(id: string, joints: readonly Joint[], x: Rows): Rows {
  const update = updates[id.replace("+gpas", "")]!;
  return joints.reduce((stream, joint) => update(stream, joint), x);
}

/** The parameters of a decoder as rows. */
function reader(tensors: Tensors) {
  const vector = (name: string): number[] => Array.from(tensors[name]!.values);
  const matrix = (name: string): number[][] => {
    const [rows = 0, width = 0] = tensors[name]!.shape;
    const numbers = vector(name);
    return Array.from(
      { length: rows },
      (_, row) => numbers.slice(row * width, (row + 1) * width),
    );
  };
  /** A map stored (in, out) as rows of outputs. */
  const map = (path: string, name: string): Affine => {
    const w = transpose(matrix(`${path}.w${name}`));
    const bias = `${path}.b${name}`;
    return { w, b: bias in tensors ? vector(bias) : w.map(() => 0) };
  };
  return { vector, matrix, map };
}

/**
 * The logits of a decoder with learned positions and ReLU.
 *
 * @param config The decoder: every size, the variant's id, a norm "layer" or "rms", what else depends on the variant.
 * @param tensors Its parameters.
 * @param tokens The tokens.
 * @returns Rows of logits.
 * @throws {RangeError} If the configuration leaves open what variants choose.
 */
export function plainDecoder(
  config: DecoderConfig,
  tensors: Tensors,
  tokens: readonly number[],
): number[][] {
  const { depth, heads, width, residual = "pre-ln", norm = "layer", eps = 1e-5 } = config;
  const { normEps = {}, embeddingScale, ends } = config;
  if (embeddingScale === undefined || ends === undefined) {
    throw new RangeError("Cannot run a decoder in plain loops without embeddingScale and ends");
  }
  const { vector, matrix, map } = reader(tensors);
  const normAt = (path: string): OfRows => (x) =>
    plainNorm({
      kind: norm as "layer" | "rms",
      gain: vector(`${path}.gain`),
      bias: `${path}.bias` in tensors ? vector(`${path}.bias`) : new Array(width).fill(0),
      eps: normEps[path] ?? eps,
    }, x);
  const headWidth = width / heads;
  const parts = ({ w, b }: Affine): Affine[] =>
    Array.from({ length: heads }, (_, head) => {
      const part = [head * headWidth, (head + 1) * headWidth] as const;
      return { w: w.slice(...part), b: b.slice(...part) };
    });
  const joints = Array.from({ length: depth }, (_, index): Joint[] => {
    const layer = index + 1;
    const path = `blocks.${layer}`;
    const attention = {
      q: parts(map(`${path}.attention`, "q")),
      k: parts(map(`${path}.attention`, "k")),
      v: parts(map(`${path}.attention`, "v")),
      output: map(`${path}.attention`, "o"),
      scale: headWidth ** -0.5,
      causal: true,
    };
    const network = {
      up: map(`${path}.feedForward`, "1"),
      output: map(`${path}.feedForward`, "2"),
      act: (value: number) => value > 0 ? value : 0,
    };
    const gate = tensors[`${path}.gate`]?.values[0];
    const normOf = (role: string): OfRows => {
      const own = ["input", "output", "stream"].map((site) => `${path}.norm.${role}.${site}`);
      return normAt(own.find((norm) => `${norm}.gain` in tensors)!);
    };
    const site = { layer, depth, ...(gate === undefined ? {} : { gate }) };
    return [
      { ...site, f: (x) => plainAttention(attention, x, x), norm: normOf("attention") },
      { ...site, f: (x) => plainFeedForward(network, x), norm: normOf("feedForward") },
    ];
  });
  const table = matrix("wte");
  const [positions, words] = [matrix("wpe"), tokens.map((token) => table[token]!)];
  const start = words.map((row: Row, at) =>
    zip(row, positions[at]!, (a, b) => embeddingScale * a + b)
  );
  const stream = plainStream(residual as string, joints.flat(), start);
  const final = ends.includes("final") ? normAt("norm.final")(stream) : stream;
  const head = map("head", "");
  return final.map((row) => affine(head, row));
}
