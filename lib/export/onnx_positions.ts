// What attention knows of positions: how heads turn, and what is added to scores. Both follow the length of the input, and layers
// that agree share them.

import { inBfloat16 } from "../model/alibi.ts";
import { gridAngles, growthPowers, usualSpeeds } from "../model/rotary.ts";
import { placeOf } from "../model/relative.ts";
import { sinusoidSpeeds } from "../model/sinusoids.ts";
import type { EntryOf } from "../model/interpreter.ts";
import {
  type Attention,
  inputOf,
  type Relative,
  type Rotary,
  type Sinusoids,
} from "../model/spec.ts";
import { int, ints } from "./onnx_graph.ts";
import type { OnnxContext } from "./onnx_weights.ts";

/** A length of a stream, a scalar. */
function lengthOf({ graph }: OnnxContext, size: string): string {
  return graph.once(`length ${size}`, () => graph.add("Gather", [size, graph.whole(1)]));
}

/** 0, 1, …, length − 1, int64. */
export function placesOf(context: OnnxContext, size: string): string {
  const { graph } = context;
  return graph.once(
    `places ${size}`,
    () => graph.add("Range", [graph.whole(0), lengthOf(context, size), graph.whole(1)]),
  );
}

const [float32, int64] = [{ to: int(1) }, { to: int(7) }];

/**
 * The places of an entry's tokens; of those that are not counted the one before the first.
 *
 * @param context Where it goes.
 * @param entry The entry.
 * @param size The size of the stream.
 * @returns The name of the value, int64: [T], or [batch, T] where some tokens are not counted.
 */
export function tokenPlaces(
  context: OnnxContext,
  entry: EntryOf<"tokens">,
  size: string,
): string {
  const { graph, inputs } = context;
  const { padding, offset } = entry;
  const shifted = (places: string, by: number): string =>
    by === 0 ? places : graph.add("Add", [places, graph.whole(by)]);
  if (padding === undefined) return shifted(placesOf(context, size), offset);
  const isPadding = graph.add("Equal", [inputs[inputOf(entry)], graph.whole(padding)]);
  const counts = graph.add("Cast", [graph.add("Not", [isPadding])], int64);
  const counted = graph.add("CumSum", [counts, graph.whole(1)]);
  return shifted(graph.add("Mul", [counted, counts]), offset - 1);
}

/**
 * The computed positions of an entry's tokens.
 *
 * @param context Where it goes.
 * @param entry The entry.
 * @param sinusoids How fast they turn.
 * @param stream The size and the width of the stream.
 * @returns The name of the value, [T, width], or [batch, T, width] where some tokens have no place.
 */
export function computedPositions(
  context: OnnxContext,
  entry: EntryOf<"tokens">,
  sinusoids: Sinusoids,
  { size, width }: { readonly size: string; readonly width: number },
): string {
  const { graph } = context;
  const places = tokenPlaces(context, entry, size);
  const column = graph.add("Unsqueeze", [graph.add("Cast", [places], float32), graph.whole([-1])]);
  const speeds = sinusoidSpeeds(sinusoids, width);
  const angles = graph.add("Mul", [column, graph.numbers(speeds, [1, speeds.length])]);
  const halves = ["Sin", "Cos"].map((operator) => graph.add(operator, [angles]));
  const rows = graph.add("Concat", halves, { axis: int(-1) });
  if (entry.padding === undefined) return rows;
  const placeless = graph.add("Less", [column, graph.numbers(entry.offset)]);
  return graph.add("Where", [placeless, graph.numbers(0), rows]);
}

/** How fast each pair turns: [1, 1, pairs]. */
function speedsOf(context: OnnxContext, rotary: Rotary, size: string): string {
  const { graph } = context;
  const row = (values: readonly number[]): string => graph.numbers(values, [1, 1, values.length]);
  const { beyond } = rotary;
  const usual = row(usualSpeeds(rotary));
  if (beyond === undefined) return usual;
  const length = lengthOf(context, size);
  if ("speeds" in beyond) {
    const isLong = graph.add("Greater", [length, graph.whole(beyond.length)]);
    return graph.add("Where", [isLong, row(beyond.speeds), usual]);
  }
  const longest = graph.add("Max", [length, graph.whole(beyond.length)]);
  const factor = graph.numbers(beyond.factor / beyond.length);
  const stretched = graph.add("Mul", [graph.add("Cast", [longest], float32), factor]);
  const growth = graph.add("Sub", [stretched, graph.numbers(beyond.factor - 1)]);
  return graph.add("Mul", [usual, graph.add("Pow", [growth, row(growthPowers(rotary))])]);
}

/** The angles t · speed of positions t and pairs: [T, 1, pairs], the same for all heads. */
function anglesOf(context: OnnxContext, rotary: Rotary, size: string): string {
  const { graph } = context;
  const { grid, width } = rotary;
  if (grid !== undefined) {
    const angles = gridAngles(rotary, grid);
    return graph.numbers(angles, [angles.length / (width / 2), 1, width / 2]);
  }
  const places = graph.add("Cast", [placesOf(context, size)], float32);
  const column = graph.add("Unsqueeze", [places, graph.whole([1, 2])]);
  return graph.add("Mul", [column, speedsOf(context, rotary, size)]);
}

/**
 * Turns the pairs of coordinates of each head by their positions.
 *
 * Shapes: x [B, T, heads, headWidth] · returns the same
 *
 * @param context Where it goes.
 * @param rotary Which coordinates are pairs, and how fast they turn.
 * @param x Queries or keys.
 * @param size The size of their stream.
 * @param headWidth The width of a head.
 * @returns The name of the value.
 */
export function rotate(
  context: OnnxContext,
  rotary: Rotary,
  x: string,
  { size, headWidth, heads }: {
    readonly size: string;
    readonly headWidth: number;
    readonly heads: number;
  },
): string {
  const { graph } = context;
  const { width, order, scale = 1 } = rotary;
  const [pairs, rest] = [width / 2, headWidth - width];
  const key = `${JSON.stringify({ ...rotary, order: "" })} ${size}`;
  const angles = graph.once(`angles ${key}`, () => anglesOf(context, rotary, size));
  const table = (operator: "Cos" | "Sin"): string =>
    graph.once(`${operator} ${key}`, () => {
      const values = graph.add(operator, [angles]);
      return scale === 1 ? values : graph.add("Mul", [values, graph.numbers(scale)]);
    });
  const [cos, sin] = [table("Cos"), table("Sin")];
  const [turning, still] = rest === 0 ? [x] : graph.split(x, [width, rest]);
  const halves = (value: string): string[] => {
    if (order === "half") return graph.split(value, [pairs, pairs]);
    const paired = graph.add("Reshape", [value, graph.whole([0, 0, heads, pairs, 2])]);
    return [0, 1].map((at) => graph.add("Gather", [paired, graph.whole(at)], { axis: int(-1) }));
  };
  const [a, b] = halves(turning!) as [string, string];
  const product = (u: string, v: string): string => graph.add("Mul", [u, v]);
  const first = graph.add("Sub", [product(a, cos), product(b, sin)]);
  const second = graph.add("Add", [product(b, cos), product(a, sin)]);
  const last = { axis: int(-1) };
  const others = still === undefined ? [] : [still];
  if (order === "half") return graph.add("Concat", [first, second, ...others], last);
  const columns = [first, second].map((part) => graph.add("Unsqueeze", [part, graph.whole([-1])]));
  const paired = graph.add("Concat", columns, last);
  const turned = graph.add("Reshape", [paired, graph.whole([0, 0, heads, width])]);
  return others.length === 0 ? turned : graph.add("Concat", [turned, ...others], last);
}

/** Added to scores that do not count: a softmax gives those places exactly 0. */
const masked = -1e9;

/** j − i of each query i and key j: int64 [T, S]. */
function distances(context: OnnxContext, queries: string, keys: string): string {
  const { graph } = context;
  const column = graph.add("Unsqueeze", [placesOf(context, queries), graph.whole([1])]);
  const row = graph.add("Unsqueeze", [placesOf(context, keys), graph.whole([0])]);
  return graph.add("Sub", [row, column]);
}

/** ALiBi that is rounded to bfloat16: [(groups,) heads, 1, S]. */
function roundedScores(
  { graph }: OnnxContext,
  { alibi = [], alibiRounding = 1 }: Attention,
  axes: readonly number[],
  places: string,
): string {
  const rounded = (x: string): string =>
    graph.add("Cast", [graph.add("Cast", [x], { to: int(16) })], float32);
  const slopes = graph.numbers([...inBfloat16(alibi)], [...axes, 1, 1]);
  const products = graph.add("Mul", [slopes, rounded(graph.add("Cast", [places], float32))]);
  return graph.add("Mul", [rounded(products), graph.numbers(alibiRounding)]);
}

/**
 * What is added to scores: the mask, and slope times distance.
 *
 * @param context Where it goes.
 * @param attention The attention.
 * @param queries The size of the stream of queries.
 * @param keys The size of that of keys.
 * @returns The name of the value, [T, S] or with slopes [(groups,) heads, T, S]; undefined where nothing is added.
 */
export function scoreBias(
  context: OnnxContext,
  attention: Attention,
  queries: string,
  keys: string,
): string | undefined {
  const { causal, window, alibi, alibiRounding, heads, keyValueHeads } = attention;
  if (!causal && window === undefined && alibi === undefined) return undefined;
  const { graph } = context;
  const axes = keyValueHeads === heads ? [heads] : [keyValueHeads, heads / keyValueHeads];
  const key = `${queries} ${keys}`;
  return graph.once(`bias ${causal} ${window} ${alibi} ${alibiRounding} ${axes} ${key}`, () => {
    const apart = graph.once(`distances ${key}`, () => distances(context, queries, keys));
    const hidden = [
      ...(causal ? [graph.add("Greater", [apart, graph.whole(0)])] : []),
      ...(window === undefined ? [] : [graph.add("LessOrEqual", [apart, graph.whole(-window)])]),
      ...(window === undefined || causal
        ? []
        : [graph.add("GreaterOrEqual", [apart, graph.whole(window)])]),
    ];
    const mask = hidden.length === 0 ? undefined : graph.add("Where", [
      hidden.reduce((a, b) => graph.add("Or", [a, b])),
      graph.numbers(masked),
      graph.numbers(0),
    ]);
    if (alibi === undefined) return mask!;
    const sloped = alibiRounding === undefined
      ? graph.add("Mul", [
        graph.numbers(alibi, [...axes, 1, 1]),
        graph.add("Cast", [apart], float32),
      ])
      : roundedScores(context, attention, axes, placesOf(context, keys));
    return mask === undefined ? sloped : graph.add("Add", [sloped, mask]);
  });
}

/**
 * The row of a table of relative positions for each query and key.
 *
 * @param context Where it goes.
 * @param relative The positions.
 * @param queries The size of the stream of queries.
 * @param keys The size of that of keys.
 * @returns The name of the value, int64 [T, S].
 */
export function relativePlaces(
  context: OnnxContext,
  relative: Relative,
  queries: string,
  keys: string,
): string {
  const { graph } = context;
  const { places } = relative;
  if (places.kind === "ranges") { // all beyond the farthest are of its range
    const most = places.farthest;
    const known = Array.from({ length: 2 * most + 1 }, (_, at) => placeOf(relative, most, at));
    const apart = distances(context, queries, keys);
    const near = graph.add("Min", [
      graph.add("Max", [apart, graph.whole(-most)]),
      graph.whole(most),
    ]);
    return graph.add("Gather", [graph.whole(known), graph.add("Add", [near, graph.whole(most)])]);
  }
  const length = places.rows * places.columns + 1;
  const known = Array.from(
    { length: length ** 2 },
    (_, at) => placeOf(relative, Math.floor(at / length), at % length),
  );
  return graph.add("Reshape", [graph.whole(known), graph.whole([length, length])]);
}

/** A permutation of axes. */
export function permute({ graph }: OnnxContext, x: string, perm: readonly number[]): string {
  return graph.add("Transpose", [x], { perm: ints(perm) });
}
