// Which rows of the graph's streams heads read.

import type { Picked } from "../model/interpreter.ts";
import { countPatches } from "../model/patches.ts";
import type { Stack } from "../model/spec.ts";
import { int } from "./onnx_graph.ts";
import { placesOf } from "./onnx_positions.ts";
import { unfolded } from "./onnx_rows.ts";
import type { OnnxContext, OnnxStream } from "./onnx_weights.ts";

/** The row of each sequence where a number of each token is largest, the first of equals unless told: [batch, width]. */
function largestRow(
  { graph }: OnnxContext,
  x: string,
  numbers: string,
  { last = false } = {},
): string {
  const equals = { select_last_index: int(last ? 1 : 0) };
  const at = graph.add("ArgMax", [numbers], { axis: int(1), keepdims: int(1), ...equals });
  return graph.add("GatherND", [x, at], { batch_dims: int(1) });
}

/** The mean of all rows: [batch, width]. */
function meanOf({ graph }: OnnxContext, x: string): string {
  return graph.add("ReduceMean", [x, graph.whole([1])], { keepdims: int(0) });
}

/** The mean of the patches' rows, which are the last: [batch, width]. */
function patchMean(context: OnnxContext, x: string, { entry }: Stack): string {
  const { graph } = context;
  if (entry.kind !== "patches") {
    throw new RangeError(
      `Cannot read the mean of patches of a stack that starts with ${entry.kind}`,
    );
  }
  const ends = [-countPatches(entry), 2 ** 31 - 1, 1].map((at) => graph.whole([at]));
  return meanOf(context, graph.add("Slice", [x, ...ends]));
}

/** 1 where a token stands, 0 where another does. */
function isToken({ graph }: OnnxContext, tokens: string, token: number): string {
  return graph.add("Cast", [graph.add("Equal", [tokens, graph.whole(token)])], { to: int(7) });
}

/** The place of each token, 0 of padding. */
function lastPlaces(context: OnnxContext, size: string, padToken: number): string {
  const { graph } = context;
  const isText = graph.add("Sub", [
    graph.whole(1),
    isToken(context, context.inputs.tokens, padToken),
  ]);
  return graph.add("Mul", [isText, placesOf(context, size)]);
}

/** The rows that a head reads, [batch, width]. */
export function pickRows(
  context: OnnxContext,
  { reads, endToken, padToken }: Picked,
  stream: OnnxStream,
  stack: Stack,
): string {
  const { graph, inputs: { tokens, source } } = context;
  const x = unfolded(context, stream);
  const row = (at: number): string => graph.add("Gather", [x, graph.whole(at)], { axis: int(1) });
  switch (reads) {
    case "all":
      return x;
    case "first":
      return row(0);
    case "second":
      return row(1);
    case "last":
      return padToken === undefined
        ? row(-1)
        : largestRow(context, x, lastPlaces(context, stream.size, padToken));
    case "end":
      return largestRow(
        context,
        x,
        endToken === undefined ? tokens : isToken(context, tokens, endToken),
      );
    case "source-end":
      return largestRow(context, x, isToken(context, source, endToken!), { last: true });
    case "mean":
      return meanOf(context, x);
    case "patch-mean":
      return patchMean(context, x, stack);
    case "first-two": {
      const range = [0, 2, 1].map((at) => graph.whole([at]));
      return meanOf(context, graph.add("Slice", [x, ...range]));
    }
    case "first-and-mean":
      return graph.add("Concat", [row(0), patchMean(context, x, stack)], { axis: int(-1) });
  }
}

/** The size of one row of each sequence. */
export function sizeOfOne({ graph }: OnnxContext, size: string): string {
  return graph.once(`one of ${size}`, () => {
    const count = graph.add("Slice", [size, graph.whole([0]), graph.whole([1])]);
    return graph.add("Concat", [count, graph.whole([1])], { axis: int(0) });
  });
}
