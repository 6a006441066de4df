// Multi-head attention in ONNX's plain operators: products, reshapes, transpositions and a softmax.

import type { QueriesKeysValues } from "../model/interpreter.ts";
import { qkvParts } from "../model/qkv.ts";
import { outputsOf } from "../families/shapes.ts";
import type { Attention, QkvOrder, Relative } from "../model/spec.ts";
import { int } from "./onnx_graph.ts";
import { apply, matrix, type OnnxContext, type OnnxStream, vector } from "./onnx_weights.ts";
import { permute, relativePlaces, rotate, scoreBias } from "./onnx_positions.ts";

/** Rows as [batch, length, …axes]. */
export function unfold(
  { graph }: OnnxContext,
  x: string,
  size: string,
  axes: readonly number[],
): string {
  const shape = graph.once(
    `shape ${size} ${axes}`,
    () => graph.add("Concat", [size, graph.whole(axes)], { axis: int(0) }),
  );
  return graph.add("Reshape", [x, shape]);
}

/**
 * The gates of relative positions.
 *
 * Shapes: x rows of H·K numbers · returns rows [N, H]
 *
 * @param context Where it goes.
 * @param x What attention reads.
 * @param gate Its map and its constants.
 * @param attention The attention.
 * @returns The name of the value: a (b c − 1) + 2 of each token and head.
 */
export function relativeGates(
  context: OnnxContext,
  { rows }: OnnxStream,
  { linear, constants }: NonNullable<Relative["gate"]>,
  { heads, headWidth }: Attention,
): string {
  const { graph } = context;
  const perHead = graph.add("Reshape", [rows, graph.whole([-1, headWidth])]);
  const half = outputsOf(context, linear) / 2;
  const [a, b] = graph.split(apply(context, linear, perHead), [half, half]).map((part) => {
    const sum = graph.add("ReduceSum", [part, graph.whole([-1])]);
    return graph.add("Reshape", [graph.add("Sigmoid", [sum]), graph.whole([-1, heads])]);
  }) as [string, string];
  const bent = graph.add("Mul", [b, vector(context, constants)]);
  const inside = graph.add("Sub", [bent, graph.numbers(1)]);
  return graph.add("Add", [graph.add("Mul", [a, inside]), graph.numbers(2)]);
}

/** What relative positions add to the scores: [heads, T, S], or one of each sequence where they have gates. */
function relativeScores(
  context: OnnxContext,
  relative: Relative,
  [queries, keys]: readonly [queries: string, keys: string],
  gates: OnnxStream | undefined,
): string {
  const { graph } = context;
  const { table: { table } } = relative;
  const scores = graph.once(`relative ${table} ${queries} ${keys}`, () => {
    const places = relativePlaces(context, relative, queries, keys);
    return permute(context, graph.add("Gather", [matrix(context, table), places]), [2, 0, 1]);
  });
  if (gates === undefined) return scores;
  const perQuery = permute(context, unfold(context, gates.rows, gates.size, [gates.width]), [
    0,
    2,
    1,
  ]);
  return graph.add("Mul", [graph.add("Unsqueeze", [perQuery, graph.whole([3])]), scores]);
}

/** Queries, keys and values out of one matrix's outputs [N, (H + 2G)·K]; their rows may be shaped as rows of parts. */
export function splitQkv(
  { graph }: OnnxContext,
  qkv: OnnxStream,
  order: QkvOrder,
  attention: Attention,
): QueriesKeysValues<OnnxStream> {
  const { parts, period, ...spans } = qkvParts(order, attention);
  const perPart = parts === 1
    ? qkv.rows
    : graph.add("Reshape", [qkv.rows, graph.whole([-1, parts, period])]);
  const inOrder = (["q", "k", "v"] as const).toSorted((a, b) => spans[a][0] - spans[b][0]);
  const rows = graph.split(perPart, inOrder.map((which) => spans[which][1]));
  const take = (which: "q" | "k" | "v"): OnnxStream => {
    const taken = rows[inOrder.indexOf(which)]!;
    const width = parts * spans[which][1];
    const flat = parts === 1 ? taken : graph.add("Reshape", [taken, graph.whole([-1, width])]);
    return { ...qkv, rows: flat, width };
  };
  return { q: take("q"), k: take("k"), v: take("v") };
}

/**
 * Attention between its projections and its writing matrix.
 *
 * Shapes: q rows of H·K numbers · k, v of G·K · returns rows [N, H·K]
 *
 * @param context Where it goes.
 * @param given Queries, keys and values.
 * @param attention The attention.
 * @returns The name of the value.
 */
export function attend(
  context: OnnxContext,
  { q: queriesIn, k: keysIn, v: valuesIn, gates }: QueriesKeysValues<OnnxStream>,
  attention: Attention,
): string {
  const { heads, keyValueHeads, headWidth, scale, softcap, rotary } = attention;
  const { graph } = context;
  const perHead = ({ rows, size }: OnnxStream, count: number): string =>
    unfold(context, rows, size, [count, headWidth]);
  const prepared = (x: OnnxStream, count: number): string => {
    const given = perHead(x, count);
    if (rotary === undefined) return given;
    return rotate(context, rotary, given, { size: x.size, headWidth, heads: count });
  };
  const q = prepared(queriesIn, heads);
  const k = permute(context, prepared(keysIn, keyValueHeads), [0, 2, 3, 1]);
  const v = permute(context, perHead(valuesIn, keyValueHeads), [0, 2, 1, 3]);
  // heads that share keys are an axis of their own, along which keys and values are repeated by broadcasting
  const shared = heads / keyValueHeads;
  const isShared = shared > 1;
  const grouped = isShared
    ? unfold(context, q, queriesIn.size, [keyValueHeads, shared, headWidth])
    : q;
  const repeat = (value: string): string =>
    isShared ? graph.add("Unsqueeze", [value, graph.whole([2])]) : value;
  const queries = graph.add("Mul", [
    permute(context, grouped, isShared ? [0, 2, 3, 1, 4] : [0, 2, 1, 3]),
    graph.numbers(scale),
  ]);
  const raw = graph.add("MatMul", [queries, repeat(k)]);
  const scores = softcap === undefined ? raw : graph.add("Mul", [
    graph.add("Tanh", [graph.add("Div", [raw, graph.numbers(softcap)])]),
    graph.numbers(softcap),
  ]);
  const bias = scoreBias(context, attention, queriesIn.size, keysIn.size);
  const { relative } = attention;
  const sizes = [queriesIn.size, keysIn.size] as const;
  const positions = relative && relativeScores(context, relative, sizes, gates);
  const added = [scores, bias, positions].filter((one) => one !== undefined)
    .reduce((a, b) => graph.add("Add", [a, b]));
  const pattern = graph.add("Softmax", [added], { axis: int(-1) });
  const mixed = graph.add("MatMul", [pattern, repeat(v)]);
  const rows = permute(context, mixed, isShared ? [0, 3, 1, 2, 4] : [0, 2, 1, 3]);
  return graph.add("Reshape", [rows, graph.whole([-1, heads * headWidth])]);
}
