// Multi-head attention as it is described: projections, what is done to queries and keys, and the mix of each head.

import type { Arithmetic } from "./arithmetic.ts";
import type { Attention, NormSite } from "../families/description.ts";
import { apply, inScope, normalize, type Place } from "./place.ts";
import { rotate } from "./rotary.ts";

/** Queries [T, H·K], keys and values [S, G·K]. */
interface Projected<T> {
  readonly q: T;
  readonly k: T;
  readonly v: T;
}

/** Added to scores that do not count: a softmax gives those places exactly 0. */
const masked = -1e9;

/** Queries, keys and values out of one matrix [T, (H + 2G)·K]. */
function split<T>(
  arithmetic: Arithmetic<T>,
  qkv: T,
  order: "blocks" | "heads" | "groups",
  { heads, keyValueHeads, headWidth }: Attention,
): Projected<T> {
  const [length] = arithmetic.size(qkv);
  // `heads` and `groups` repeat (queries, key, value) for each key-value head, `blocks` is one such part
  const parts = order === "blocks" ? 1 : keyValueHeads;
  const queries = heads / parts * headWidth;
  const keys = keyValueHeads / parts * headWidth;
  const perPart = arithmetic.reshape(qkv, length * parts, queries + 2 * keys);
  const take = (first: number, count: number): T =>
    arithmetic.reshape(arithmetic.columns(perPart, first, count), length, count * parts);
  return {
    q: take(0, queries),
    k: take(queries, keys),
    v: take(queries + keys, keys),
  };
}

/** The projections of what queries read and of what keys and values read. */
async function project<T>(
  place: Place<T>,
  attention: Attention,
  x: T,
  source: T,
): Promise<Projected<T>> {
  const { projections } = attention;
  if ("qkv" in projections) {
    const qkv = await apply(place, projections.qkv, x);
    return split(place.arithmetic, qkv, projections.order, attention);
  }
  return {
    q: await apply(place, projections.q, x),
    k: await apply(place, projections.k, source),
    v: await apply(place, projections.v, source),
  };
}

/** What is done to queries and keys before they meet: head norm, then rotation. */
async function prepare<T>(
  place: Place<T>,
  { headWidth, rotary }: Attention,
  x: T,
  site: NormSite | undefined,
): Promise<T> {
  const { arithmetic } = place;
  let prepared = x;
  if (site !== undefined) {
    const [length, width] = arithmetic.size(x);
    const perHead = arithmetic.reshape(x, length * width / headWidth, headWidth);
    prepared = arithmetic.reshape(await normalize(place, site, perHead), length, width);
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
async function mix<T>(place: Place<T>, attention: Attention, projected: Projected<T>): Promise<T> {
  const { arithmetic } = place;
  const { heads, keyValueHeads, headWidth, scale } = attention;
  const { q, k, v } = projected;
  const bias = biasOf(arithmetic, attention, [arithmetic.size(q)[0], arithmetic.size(k)[0]]);
  const mixed: T[] = [];
  for (let head = 0; head < heads; head++) {
    const own = head * headWidth;
    const shared = Math.floor(head * keyValueHeads / heads) * headWidth;
    mixed.push(
      await arithmetic.scope((inner) => {
        const query = inner.scale(inner.columns(q, own, headWidth), scale);
        const scores = inner.product(query, inner.columns(k, shared, headWidth), "out-in");
        const added = bias(head, inner);
        const pattern = inner.softmax(added === undefined ? scores : inner.add(scores, added));
        const value = inner.columns(v, shared, headWidth);
        return Promise.resolve(inner.product(pattern, value, "in-out"));
      }),
    );
  }
  return arithmetic.joinColumns(mixed);
}

/** Refuses what cannot be computed as it is described. */
function check({ heads, keyValueHeads, projections, memory, alibi }: Attention): void {
  if (heads % keyValueHeads !== 0) {
    throw new RangeError(
      `Cannot share ${keyValueHeads} key-value heads among ${heads} heads: they must divide them`,
    );
  }
  if ("qkv" in projections && memory !== undefined) {
    throw new RangeError(`Cannot attend to ${memory} with one matrix for queries, keys and values`);
  }
  if (alibi !== undefined && alibi.length !== heads) {
    throw new RangeError(`Cannot give ${heads} heads ${alibi.length} slopes`);
  }
}

/**
 * Attention without its writing matrix.
 *
 * Shapes: x [T, D] · memory [S, D′] · returns [T, H·K]
 *
 * @param place Where it runs.
 * @param attention The attention.
 * @param x What queries read, and keys and values too unless there is another memory.
 * @param memories The final norms of the stacks that came before, by name.
 * @returns The heads, side by side.
 * @throws {RangeError} If the memory is not there, or the description contradicts itself or the parameters.
 */
export function attend<T>(
  place: Place<T>,
  attention: Attention,
  x: T,
  memories: Readonly<Record<string, T>>,
): Promise<T> {
  check(attention);
  const { memory, clip, headNorms } = attention;
  const source = memory === undefined ? x : memories[memory];
  if (source === undefined) {
    throw new RangeError(`Cannot attend to ${memory}: it has not run; is its input missing?`);
  }
  return inScope(place, async (inner) => {
    const raw = await project(inner, attention, x, source);
    const cut = (y: T): T => clip === undefined ? y : inner.arithmetic.clip(y, clip);
    const q = await prepare(inner, attention, cut(raw.q), headNorms?.q);
    const k = await prepare(inner, attention, cut(raw.k), headNorms?.k);
    return await mix(inner, attention, { q, k, v: cut(raw.v) });
  });
}
