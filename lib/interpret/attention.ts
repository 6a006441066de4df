// Multi-head attention on matrices: what is done to queries and keys, and the mix of each head.

import type { Arithmetic } from "./arithmetic.ts";
import type { QueriesKeysValues } from "../model/interpreter.ts";
import type { Attention, NormSpec, QkvOrder } from "../model/spec.ts";
import { inScope, normalize, type Stored } from "./stored_parameters.ts";
import { rotate } from "./rotary.ts";

/** Added to scores that do not count: a softmax gives those places exactly 0. */
const masked = -1e9;

/**
 * Queries, keys or values out of the outputs of one matrix.
 *
 * Shapes: qkv [T, (H + 2G)·K] · returns [T, H·K] for queries, [T, G·K] for keys and values
 *
 * @param arithmetic What computes.
 * @param qkv The outputs.
 * @param which Which of the three.
 * @param order Their order.
 * @param attention Heads and their width.
 * @returns Those outputs.
 */
export function takeQkv<T>(
  arithmetic: Arithmetic<T>,
  qkv: T,
  which: "q" | "k" | "v",
  order: QkvOrder,
  { heads, keyValueHeads, headWidth }: Attention,
): T {
  const [length] = arithmetic.size(qkv);
  // `heads` and `groups` repeat (queries, key, value) for each key-value head, `blocks` is one such part
  const parts = order === "blocks" ? 1 : keyValueHeads;
  const queries = heads / parts * headWidth;
  const keys = keyValueHeads / parts * headWidth;
  const [first, count] = {
    q: [0, queries],
    k: [queries, keys],
    v: [queries + keys, keys],
  }[which] as [number, number];
  const perPart = arithmetic.reshape(qkv, length * parts, queries + 2 * keys);
  return arithmetic.reshape(arithmetic.columns(perPart, first, count), length, count * parts);
}

/** What is done to queries and keys before they meet: head norm, then rotation. */
async function prepare<T>(
  stored: Stored<T>,
  { headWidth, rotary }: Attention,
  x: T,
  site: NormSpec | undefined,
): Promise<T> {
  const { arithmetic } = stored;
  let prepared = x;
  if (site !== undefined) {
    const [length, width] = arithmetic.size(x);
    const perHead = arithmetic.reshape(x, length * width / headWidth, headWidth);
    prepared = arithmetic.reshape(await normalize(stored, site, perHead), length, width);
  }
  return rotary === undefined ? prepared : rotate(arithmetic, prepared, rotary, headWidth);
}

/** f of each query i and key j. */
function pairs<T>(
  arithmetic: Arithmetic<T>,
  [queries, keys]: readonly [number, number],
  f: (i: number, j: number) => number,
): T {
  const values = new Float64Array(queries * keys);
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < keys; j++) values[i * keys + j] = f(i, j);
  }
  return arithmetic.matrix(values, queries, keys);
}

/** What is added to the scores of a head: the mask, the same for all, and the slope times the distance. */
function biasOf<T>(
  arithmetic: Arithmetic<T>,
  { causal, window = Infinity, alibi }: Attention,
  size: readonly [number, number],
): (head: number, inner: Arithmetic<T>) => T | undefined {
  const mask = causal || window < Infinity
    ? pairs(arithmetic, size, (i, j) => (causal && j > i) || j <= i - window ? masked : 0)
    : undefined;
  if (alibi === undefined) return () => mask;
  const distances = pairs(arithmetic, size, (i, j) => j - i);
  return (head, inner) => {
    const slope = inner.scale(distances, alibi[head]!);
    return mask === undefined ? slope : inner.add(slope, mask);
  };
}

/** The mix of values of all heads, side by side: [T, H·K]. */
async function mix<T>(
  stored: Stored<T>,
  attention: Attention,
  given: QueriesKeysValues<T>,
): Promise<T> {
  const { arithmetic } = stored;
  const { heads, keyValueHeads, headWidth, scale, softcap } = attention;
  const { q, k, v } = given;
  const bias = biasOf(arithmetic, attention, [arithmetic.size(q)[0], arithmetic.size(k)[0]]);
  const mixed: T[] = [];
  for (let head = 0; head < heads; head++) {
    const own = head * headWidth;
    const shared = Math.floor(head * keyValueHeads / heads) * headWidth;
    mixed.push(
      await arithmetic.scope((inner) => {
        const query = inner.scale(inner.columns(q, own, headWidth), scale);
        const raw = inner.product(query, inner.columns(k, shared, headWidth), "out-in");
        const scores = softcap === undefined ? raw : inner.softcap(raw, softcap);
        const added = bias(head, inner);
        const pattern = inner.softmax(added === undefined ? scores : inner.add(scores, added));
        const value = inner.columns(v, shared, headWidth);
        return Promise.resolve(inner.product(pattern, value, "in-out"));
      }),
    );
  }
  return arithmetic.joinColumns(mixed);
}

/**
 * Attention between its projections and its writing matrix.
 *
 * Shapes: q [T, H·K] · k, v [S, G·K] · returns [T, H·K]
 *
 * @param stored Where it runs.
 * @param given Queries, keys and values.
 * @param attention The attention.
 * @returns The heads, side by side.
 * @throws {RangeError} If the spec contradicts the parameters.
 */
export function attend<T>(
  stored: Stored<T>,
  given: QueriesKeysValues<T>,
  attention: Attention,
): Promise<T> {
  const { headNorms } = attention;
  return inScope(stored, async (inner) => {
    const q = await prepare(inner, attention, given.q, headNorms?.q);
    const k = await prepare(inner, attention, given.k, headNorms?.k);
    return await mix(inner, attention, { q, k, v: given.v });
  });
}
