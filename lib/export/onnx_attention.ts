// Multi-head attention in ONNX's plain operators: products, reshapes, transpositions and a softmax.

import type { QueriesKeysValues } from "../model/interpreter.ts";
import { qkvParts } from "../model/qkv.ts";
import type { Attention, QkvOrder } from "../model/spec.ts";
import { int } from "./onnx_graph.ts";
import type { OnnxContext, OnnxStream } from "./onnx_weights.ts";
import { permute, rotate, scoreBias } from "./onnx_positions.ts";

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
  { q: queriesIn, k: keysIn, v: valuesIn }: QueriesKeysValues<OnnxStream>,
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
  const biased = bias === undefined ? scores : graph.add("Add", [scores, bias]);
  const pattern = graph.add("Softmax", [biased], { axis: int(-1) });
  const mixed = graph.add("MatMul", [pattern, repeat(v)]);
  const rows = permute(context, mixed, isShared ? [0, 3, 1, 2, 4] : [0, 2, 1, 3]);
  return graph.add("Reshape", [rows, graph.whole([-1, heads * headWidth])]);
}
