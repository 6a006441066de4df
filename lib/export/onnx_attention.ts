// Multi-head attention in ONNX's plain operators: products, reshapes, transpositions and a softmax.

import type { Attention, NormSite, QkvOrder } from "../families/description.ts";
import { int } from "./onnx_graph.ts";
import { apply, normalize, type OnnxPlace, type OnnxStream } from "./onnx_place.ts";
import { permute, rotate, scoreBias } from "./onnx_positions.ts";

/** Queries, keys and values, each as rows of heads side by side. */
interface Projected {
  readonly q: string;
  readonly k: string;
  readonly v: string;
}

/** Rows as [batch, length, …axes]. */
export function unfold(
  { graph }: OnnxPlace,
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

/** Queries, keys and values out of one matrix [N, (H + 2G)·K]; their shape is that of rows of parts. */
function splitFused(
  { graph }: OnnxPlace,
  qkv: string,
  order: QkvOrder,
  { heads, keyValueHeads, headWidth }: Attention,
): Projected {
  // `heads` and `groups` repeat (queries, key, value) for each key-value head, `blocks` is one such part
  const parts = order === "blocks" ? 1 : keyValueHeads;
  const queries = heads / parts * headWidth;
  const keys = keyValueHeads / parts * headWidth;
  const perPart = parts === 1
    ? qkv
    : graph.add("Reshape", [qkv, graph.whole([-1, parts, queries + 2 * keys])]);
  const [q, k, v] = graph.split(perPart, [queries, keys, keys]) as [string, string, string];
  return { q, k, v };
}

function project(place: OnnxPlace, attention: Attention, x: string, source: string): Projected {
  const { projections } = attention;
  if ("qkv" in projections) {
    const qkv = apply(place, projections.qkv, x);
    return splitFused(place, qkv, projections.order, attention);
  }
  return {
    q: apply(place, projections.q, x),
    k: apply(place, projections.k, source),
    v: apply(place, projections.v, source),
  };
}

/** Cuts values to ± limit. */
function cut({ graph }: OnnxPlace, x: string, limit: number | undefined): string {
  if (limit === undefined) return x;
  return graph.add("Clip", [x, graph.numbers(-limit), graph.numbers(limit)]);
}

/**
 * Attention without its writing matrix.
 *
 * Shapes: x [N, D] · returns [N, H·K]
 *
 * @param place Where it goes.
 * @param attention The attention.
 * @param x What queries read, and keys and values too unless there is another memory.
 * @param memories The final norms of the stacks that came before, by name.
 * @returns The name of the value.
 * @throws {RangeError} If the memory is not there.
 */
export function attend(
  place: OnnxPlace,
  attention: Attention,
  x: OnnxStream,
  memories: Readonly<Record<string, OnnxStream>>,
): string {
  const { heads, keyValueHeads, headWidth, scale, clip, rotary, headNorms, memory } = attention;
  const { graph } = place;
  const source = memory === undefined ? x : memories[memory];
  if (source === undefined) {
    throw new RangeError(`Cannot attend to ${memory}: no stack of this name comes before`);
  }
  const raw = project(place, attention, x.rows, source.rows);
  const perHead = (value: string, count: number, { size }: OnnxStream): string =>
    unfold(place, cut(place, value, clip), size, [count, headWidth]);
  const prepared = (
    value: string,
    count: number,
    stream: OnnxStream,
    site: NormSite | undefined,
  ): string => {
    const given = perHead(value, count, stream);
    const normed = site === undefined ? given : normalize(place, site, given, headWidth);
    if (rotary === undefined) return normed;
    return rotate(place, rotary, normed, { size: stream.size, headWidth, heads: count });
  };
  const q = prepared(raw.q, heads, x, headNorms?.q);
  const k = permute(place, prepared(raw.k, keyValueHeads, source, headNorms?.k), [0, 2, 3, 1]);
  const v = permute(place, perHead(raw.v, keyValueHeads, source), [0, 2, 1, 3]);
  // heads that share keys are an axis of their own, along which keys and values are repeated by broadcasting
  const shared = heads / keyValueHeads;
  const isShared = shared > 1;
  const grouped = isShared ? unfold(place, q, x.size, [keyValueHeads, shared, headWidth]) : q;
  const repeat = (value: string): string =>
    isShared ? graph.add("Unsqueeze", [value, graph.whole([2])]) : value;
  const queries = graph.add("Mul", [
    permute(place, grouped, isShared ? [0, 2, 3, 1, 4] : [0, 2, 1, 3]),
    graph.numbers(scale),
  ]);
  const scores = graph.add("MatMul", [queries, repeat(k)]);
  const bias = scoreBias(place, attention, x.size, source.size);
  const biased = bias === undefined ? scores : graph.add("Add", [scores, bias]);
  const pattern = graph.add("Softmax", [biased], { axis: int(-1) });
  const mixed = graph.add("MatMul", [pattern, repeat(v)]);
  const rows = permute(place, mixed, isShared ? [0, 3, 1, 2, 4] : [0, 2, 1, 3]);
  return graph.add("Reshape", [rows, graph.whole([-1, heads * headWidth])]);
}
