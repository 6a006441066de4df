// What reads the final norm of a stack, and which of its rows.

import type { Head, Stack } from "../families/description.ts";
import { unfold } from "./onnx_attention.ts";
import { int } from "./onnx_graph.ts";
import { apply, type OnnxPlace, type OnnxStream } from "./onnx_place.ts";

/** What a head gives. */
export interface HeadOutput {
  readonly value: string;
  /** Whether it has a row for each token: [batch, length, outputs], else [batch, outputs]. */
  readonly all: boolean;
}

/** The row of each sequence at the end-of-text token: [batch, width]. */
function endRows({ graph }: OnnxPlace, x: string, tokens: string, endToken?: number): string {
  const found = endToken === undefined
    ? tokens
    : graph.add("Cast", [graph.add("Equal", [tokens, graph.whole(endToken)])], { to: int(7) });
  const end = graph.add("ArgMax", [found], { axis: int(1), keepdims: int(1) }); // the first of equals
  return graph.add("GatherND", [x, end], { batch_dims: int(1) });
}

/** The rows that a head reads, of x [batch, length, width]. */
function read(
  place: OnnxPlace,
  { reads, endToken }: Head,
  x: string,
  { stack, input }: { readonly stack: Stack; readonly input: string },
): string {
  const { graph } = place;
  const row = (at: number): string => graph.add("Gather", [x, graph.whole(at)], { axis: int(1) });
  switch (reads) {
    case "all":
      return graph.add("Reshape", [x, graph.whole([-1, stack.width])]);
    case "first":
      return row(0);
    case "second":
      return row(1);
    case "end":
      return endRows(place, x, input, endToken);
    case "first-and-mean": {
      if (stack.entry.kind !== "patches") {
        throw new RangeError(
          `Cannot read the mean of patches of a stack that starts with ${stack.entry.kind}`,
        );
      }
      const count = Math.floor(stack.entry.imageSize / stack.entry.patchSize) ** 2;
      const ends = [graph.whole([-count]), graph.whole([2 ** 31 - 1]), graph.whole([1])];
      const patches = graph.add("Slice", [x, ...ends]);
      const mean = graph.add("ReduceMean", [patches, graph.whole([1])], { keepdims: int(0) });
      return graph.add("Concat", [row(0), mean], { axis: int(-1) });
    }
  }
}

/**
 * What a head makes of the final norm that it reads.
 *
 * @param place Where it goes.
 * @param head The head.
 * @param x The final norm of its stack.
 * @param source The stack, and the name of the input that it reads.
 * @returns Logits, or a projection.
 * @throws {RangeError} If it reads patches of a stack that has none.
 */
export function addHead(
  place: OnnxPlace,
  head: Head,
  x: OnnxStream,
  source: { readonly stack: Stack; readonly input: string },
): HeadOutput {
  const { graph } = place;
  const all = head.reads === "all";
  let rows = all ? x.rows : read(place, head, unfold(place, x.rows, x.size, [x.width]), source);
  if (head.plusSum === true) { // the matrix is E (I + 11ᵀ)
    rows = graph.add("Add", [rows, graph.add("ReduceSum", [rows, graph.whole([-1])])]);
  }
  const value = apply(place, head.linear, rows);
  if (!all) return { value, all };
  const { shape } = place.tensors.info(head.linear.weight);
  const outputs = head.linear.layout === "out-in" ? shape[0]! : shape.at(-1)!;
  return { value: unfold(place, value, x.size, [outputs]), all };
}
