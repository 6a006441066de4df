// A Transformer layer in plain loops over rows, one number after the other: what the forward pass of a described model is
// measured by. Nothing here comes from the library.

import { softmax } from "../reference/losses.ts";
import { norm, type NormKind } from "../reference/norms.ts";
import { dot, type Row, type Rows, zip } from "../reference/rows.ts";

/** y = w x + b, with a row of w for each output. */
export interface Affine {
  readonly w: Rows;
  readonly b: readonly number[];
}

/** The map of one row. */
export function affine({ w, b }: Affine, x: Row): number[] {
  return w.map((row, output) => dot(row, x) + b[output]!);
}

/** Vectors for queries and keys. */
interface PlainPair {
  readonly q: readonly number[];
  readonly k: readonly number[];
}

/** Attention by heads: a query projection for each head, key and value projections for each key-value head. */
export interface PlainAttention {
  readonly q: readonly Affine[];
  readonly k: readonly Affine[];
  readonly v: readonly Affine[];
  readonly output: Affine;
  readonly scale: number;
  readonly causal: boolean;
  readonly window?: number;
  readonly alibi?: readonly number[];
  readonly clip?: number;
  /** RMSNorms of all queries and of all keys. */
  readonly projectionNorms?: PlainPair & { readonly eps: number };
  /** Gains of RMSNorms over a head's query and key. */
  readonly gains?: PlainPair & { readonly eps: number };
  /** Gains of all heads, one after the other, behind those. */
  readonly headGains?: PlainPair;
  readonly rotary?: {
    readonly width: number;
    readonly base: number;
    readonly order: "half" | "pairs";
    readonly speeds?: readonly number[];
    readonly scale?: number;
    readonly beyond?: {
      readonly length: number;
      readonly speeds?: readonly number[];
      readonly factor?: number;
    };
  };
}

/** How fast pair p turns where so many places are read: transformers' modeling_rope_utils.py, written anew. */
function speedOf(
  { width, base, speeds, beyond }: NonNullable<PlainAttention["rotary"]>,
  p: number,
  length: number,
): number {
  if (beyond === undefined || length <= beyond.length) {
    return speeds?.[p] ?? 1 / base ** (2 * p / width);
  }
  if (beyond.speeds !== undefined) return beyond.speeds[p]!;
  const factor = beyond.factor!;
  const grown = base * (factor * length / beyond.length - (factor - 1)) ** (width / (width - 2));
  return 1 / grown ** (2 * p / width);
}

/** One head's query or key turned by its position among so many, pair by pair as a complex number. */
function turn(
  x: readonly number[],
  [t, length]: readonly [number, number],
  rotary: PlainAttention["rotary"],
): number[] {
  const turned = [...x];
  if (rotary === undefined) return turned;
  const { scale = 1 } = rotary;
  for (let p = 0; p < rotary.width / 2; p++) {
    const [a, b] = rotary.order === "half" ? [p, p + rotary.width / 2] : [2 * p, 2 * p + 1];
    const angle = t * speedOf(rotary, p, length);
    turned[a] = scale * (x[a]! * Math.cos(angle) - x[b]! * Math.sin(angle));
    turned[b] = scale * (x[a]! * Math.sin(angle) + x[b]! * Math.cos(angle));
  }
  return turned;
}

/** A function of all rows at once. */
export type OfRows = (x: Rows) => Rows;

const asIs: OfRows = (x) => x;

/** Attention of rows x to rows of `source`; `inner` stands before the output projection. */
export function plainAttention(
  attention: PlainAttention,
  x: Rows,
  source: Rows,
  inner: OfRows = asIs,
): number[][] {
  const { q, k, v, clip = Infinity, gains, rotary, window = Infinity } = attention;
  const { projectionNorms, headGains } = attention;
  const cut = (row: number[]): number[] => row.map((y) => Math.max(-clip, Math.min(clip, y)));
  const normed = (row: number[], gain: readonly number[] | undefined, eps?: number): number[] =>
    gain === undefined ? row : norm("rms", row, { gain, eps: eps! });
  /** All queries or keys of a row, by heads. */
  const prepared = (which: "q" | "k", row: Row): number[][] => {
    const heads = attention[which].map((project) => affine(project, row));
    const width = heads[0]!.length;
    const all = normed(heads.flat(), projectionNorms?.[which], projectionNorms?.eps);
    return heads.map((_, head) => {
      const own = cut(all.slice(head * width, (head + 1) * width));
      const gain = headGains?.[which].slice(head * width, (head + 1) * width);
      return normed(own, gains?.[which], gains?.eps).map((y, at) => y * (gain?.[at] ?? 1));
    });
  };
  const queries = x.map((row) => prepared("q", row));
  const keys = source.map((row) => prepared("k", row));
  const hidden = x.map((_, i) => {
    const heads = q.map((_, head) => {
      const shared = Math.floor(head / (q.length / k.length));
      const query = turn(queries[i]![head]!, [i, x.length], rotary);
      const seen = source.map((_, j) => j)
        .filter((j) => i - j < window && (attention.causal ? j <= i : j - i < window));
      const scores = seen.map((j) => {
        const key = turn(keys[j]![shared]!, [j, source.length], rotary);
        return attention.scale * dot(query, key) + (attention.alibi?.[head] ?? 0) * (j - i);
      });
      const weights = softmax(scores);
      const values = seen.map((j) => cut(affine(v[shared]!, source[j]!)));
      return values[0]!.map((_, at) => dot(weights, values.map((value) => value[at]!)));
    });
    return heads.flat();
  });
  return inner(hidden).map((row) => affine(attention.output, row));
}

/** A feed-forward network. */
export interface PlainFeedForward {
  readonly up: Affine;
  readonly gate?: Affine;
  readonly output: Affine;
  readonly act: (x: number) => number;
}

/** output · act(up x), or output · (act(gate x) ⊙ up x); `inner` stands before the output projection. */
export function plainFeedForward(
  { up, gate, output, act }: PlainFeedForward,
  x: Rows,
  inner: OfRows = asIs,
): number[][] {
  const hidden = x.map((row) =>
    gate === undefined
      ? affine(up, row).map(act)
      : zip(affine(gate, row).map(act), affine(up, row), (a, b) => a * b)
  );
  return inner(hidden).map((row) => affine(output, row));
}

/** A norm of rows. */
export interface PlainNorm {
  readonly kind: NormKind;
  readonly gain: readonly number[];
  readonly bias: readonly number[];
  readonly eps: number;
}

/** The norm of each row. */
export function plainNorm({ kind, ...parameters }: PlainNorm, x: Rows): number[][] {
  return x.map((row) => norm(kind, row, parameters));
}
