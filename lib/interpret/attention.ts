// Multi-head attention on matrices: what is done to queries and keys, and the mix of each head.

import type { Arithmetic } from "./arithmetic.ts";
import type { QueriesKeysValues } from "../model/interpreter.ts";
import { qkvParts } from "../model/qkv.ts";
import { roundedAlibi } from "../model/alibi.ts";
import type { Attention, QkvOrder } from "../model/spec.ts";
import { inScope, type Stored } from "./stored_parameters.ts";
import { relativeBias } from "./relative.ts";
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
  attention: Attention,
): T {
  const [length] = arithmetic.size(qkv);
  const { parts, period, [which]: [first, count] } = qkvParts(order, attention);
  const perPart = arithmetic.reshape(qkv, length * parts, period);
  return arithmetic.reshape(arithmetic.columns(perPart, first, count), length, count * parts);
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

/** Whether attention hides key j from query i. */
export function hides(
  { causal, window = Infinity }: Pick<Attention, "causal" | "window">,
  i: number,
  j: number,
): boolean {
  return causal ? j > i || i - j >= window : Math.abs(i - j) >= window;
}

/** What is added to the scores of a head: the mask, the same for all, and the slope times the distance. */
function biasOf<T>(
  arithmetic: Arithmetic<T>,
  attention: Attention,
  size: readonly [number, number],
): (head: number, inner: Arithmetic<T>) => T | undefined {
  const { causal, window = Infinity, alibi, alibiRounding } = attention;
  const mask = causal || window < Infinity
    ? pairs(arithmetic, size, (i, j) => hides({ causal, window }, i, j) ? masked : 0)
    : undefined;
  if (alibi === undefined) return () => mask;
  const distances = pairs(arithmetic, size, (i, j) => j - i);
  const rounded = alibiRounding === undefined ? undefined : roundedAlibi(attention, size[1]);
  return (head, inner) => {
    const slope = rounded === undefined
      ? inner.scale(distances, alibi[head]!)
      : pairs(inner, size, (_, j) => rounded[head]![j]!);
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
  const size = [arithmetic.size(q)[0], arithmetic.size(k)[0]] as const;
  const bias = biasOf(arithmetic, attention, size);
  const positions = attention.relative &&
    await relativeBias(stored, attention.relative, size, given.gates);
  const mixed: T[] = [];
  for (let head = 0; head < heads; head++) {
    const own = head * headWidth;
    const shared = Math.floor(head * keyValueHeads / heads) * headWidth;
    mixed.push(
      await arithmetic.scope((inner) => {
        const query = inner.scale(inner.columns(q, own, headWidth), scale);
        const raw = inner.product(query, inner.columns(k, shared, headWidth), "out-in");
        const scores = softcap === undefined ? raw : inner.softcap(raw, softcap);
        const added = [bias(head, inner), positions?.(head, inner)].reduce<T>(
          (sum, one) => one === undefined ? sum : inner.add(sum, one),
          scores,
        );
        const pattern = inner.softmax(added);
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
  const { rotary, headWidth } = attention;
  return inScope(stored, async (inner) => {
    const turned = (x: T): T =>
      rotary === undefined ? x : rotate(inner.arithmetic, x, rotary, headWidth);
    return await mix(inner, attention, { ...given, q: turned(given.q), k: turned(given.k) });
  });
}
