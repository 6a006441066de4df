// Values of the graph as rows: a value [batch, length, width] is its rows [batch · length, width] with their size.

import { unfold } from "./onnx_attention.ts";
import { int } from "./onnx_graph.ts";
import type { OnnxContext, OnnxStream } from "./onnx_weights.ts";

/** A value with other rows, of the same sequences. */
export function withRows(x: OnnxStream, rows: string, width = x.width): OnnxStream {
  return { ...x, rows, width };
}

/** A value as [batch, length, width]. */
export function unfolded(context: OnnxContext, { rows, size, width }: OnnxStream): string {
  return unfold(context, rows, size, [width]);
}

/** A value [batch, length, width] as rows. */
export function folded({ graph }: OnnxContext, x: string, width: number): OnnxStream {
  return {
    rows: graph.add("Reshape", [x, graph.whole([-1, width])]),
    size: graph.add("Shape", [x], { start: int(0), end: int(2) }),
    width,
  };
}

/** What an operator makes of a value's rows and others. */
export function operate(
  { graph }: OnnxContext,
  name: string,
  x: OnnxStream,
  ...others: readonly string[]
): OnnxStream {
  return withRows(x, graph.add(name, [x.rows, ...others]));
}
