// How streams of the graph start: from tokens, images and sounds.

import { rowsOf } from "../checkpoint/tensors.ts";
import { matrixFrom, matrixOf } from "../convert/lazy_matrix.ts";
import { outputsOf } from "../families/shapes.ts";
import { kernelOf } from "../interpret/audio.ts";
import type { EntryOf, Interpreter } from "../model/interpreter.ts";
import { alternatingSinusoids, countPatches } from "../model/patches.ts";
import { type Convolution, inputOf, type Linear, type Table } from "../model/spec.ts";
import { float, int, ints } from "./onnx_graph.ts";
import { computedPositions, permute, placesOf, tokenPlaces } from "./onnx_positions.ts";
import { folded, operate, unfolded, withRows } from "./onnx_rows.ts";
import { asFloat, matrix, type OnnxContext, type OnnxStream, vector } from "./onnx_weights.ts";

/** The number of vectors in a table. */
function countVectors({ tensors }: OnnxContext, { table }: Table, width: number): number {
  const { shape } = tensors.info(table);
  const numbers = shape.reduce((product, length) => product * length, 1);
  if (shape.at(-1) === width) return numbers / width;
  throw new RangeError(
    `Cannot export ${table} [${
      shape.join(", ")
    }] as vectors of the stream: they have ${width} numbers`,
  );
}

/** Rows of a table; they are read before they are made float32. */
function lookUp(context: OnnxContext, table: Table, width: number, ids: string): string {
  const { graph, tensors, dtype } = context;
  const stored = graph.weight({
    name: table.table,
    dims: [countVectors(context, table, width), width],
    dtype,
    matrix: matrixOf(tensors, table.table),
  });
  return asFloat(context, graph.add("Gather", [stored, ids]));
}

/** What the embedding of each token is multiplied by: 0 of the mask, and of the others what makes up for it. */
function maskFactors(
  { graph }: OnnxContext,
  ids: string,
  { token, share }: NonNullable<EntryOf<"tokens">["masked"]>,
): string {
  const isMask = graph.add("Cast", [graph.add("Equal", [ids, graph.whole(token)])], { to: int(1) });
  const kept = graph.add("Sub", [graph.numbers(1), isMask]);
  const rest = graph.add("ReduceMean", [kept, graph.whole([1])], { keepdims: int(1) });
  const factors = graph.add("Div", [graph.add("Mul", [kept, graph.numbers(1 - share)]), rest]);
  return graph.add("Unsqueeze", [factors, graph.whole([2])]);
}

/** A convolution whose kernel is stored [outputs, channels, …]. */
function convolve(
  context: OnnxContext,
  { weight, bias, layout }: Linear,
  x: string,
  attributes: Readonly<Record<string, ReturnType<typeof ints>>>,
  kernel?: string,
): string {
  const { tensors, graph } = context;
  const { shape } = tensors.info(weight);
  if (layout !== "out-in" || shape.length < 3) {
    throw new RangeError(
      `Cannot export ${weight} [${
        shape.join(", ")
      }] as a convolution: expected [outputs, channels, …]`,
    );
  }
  const added = tensors.has(bias) ? [vector(context, bias)] : [];
  const stored = kernel ?? matrix(context, weight, shape);
  return graph.add("Conv", [x, stored, ...added], attributes);
}

/** The kernel of a convolution along time whose slices have lengths; else it is what is stored. */
function kernelAt(context: OnnxContext, convolution: Convolution): string | undefined {
  const { linear: { weight }, lengths } = convolution;
  if (lengths === undefined) return undefined;
  const { tensors, graph, dtype } = context;
  const dims = tensors.info(weight).shape;
  const width = rowsOf(dims).width;
  const read = async (first: number, count: number): Promise<Float64Array> =>
    (await kernelOf(tensors, convolution)).slice(first * width, (first + count) * width);
  const matrix = { rows: dims[0]!, width, read };
  return asFloat(context, graph.weight({ name: `${weight}·${lengths}`, dims, dtype, matrix }));
}

/** An input as what convolutions read: [batch, channels, (frames,) height, width]. */
function imagesOf(context: OnnxContext, input: "pixels" | "video" | "spectrogram"): string {
  const { graph, inputs } = context;
  switch (input) {
    case "pixels":
      return inputs.pixels;
    case "video":
      return permute(context, inputs.video, [0, 2, 1, 3, 4]);
    case "spectrogram":
      return graph.add("Unsqueeze", [
        permute(context, inputs.spectrogram, [0, 2, 1]),
        graph.whole([1]),
      ]);
  }
}

/** The operations that entries are made of. */
type Entries = Pick<
  Interpreter<OnnxStream>,
  | ("tokens" | "addPositions" | "addSinusoids" | "addFirst" | "addAlternatingSinusoids")
  | ("patches" | "countPatches" | "frames" | "convolve" | "normOverTime")
  | ("vectors" | "countVectors")
>;

/** Entries over the graph's inputs and the tables of the model. */
export function onnxEntries(context: OnnxContext): Entries {
  const { graph, inputs } = context;
  /** The input that patches are cut of. */
  let cutInput = inputs.pixels;
  const batch = (): string =>
    graph.once("batch", () => graph.add("Shape", [cutInput], { start: int(0), end: int(1) }));
  return {
    tokens: (entry, width) => {
      const ids = inputs[inputOf(entry)];
      const rows = lookUp(context, entry.tokens, width, ids);
      if (entry.masked === undefined) return folded(context, rows, width);
      return folded(
        context,
        graph.add("Mul", [rows, maskFactors(context, ids, entry.masked)]),
        width,
      );
    },
    addPositions: (x, table, entry) => {
      const rows = entry === undefined
        ? placesOf(context, x.size)
        : tokenPlaces(context, entry, x.size);
      const added = graph.add("Add", [unfolded(context, x), lookUp(context, table, x.width, rows)]);
      return withRows(x, graph.add("Reshape", [added, graph.whole([-1, x.width])]));
    },
    addSinusoids: (x, entry, sinusoids) => {
      const added = graph.add("Add", [
        unfolded(context, x),
        computedPositions(context, entry, sinusoids, x),
      ]);
      return withRows(x, graph.add("Reshape", [added, graph.whole([-1, x.width])]));
    },
    addFirst: (x, table) =>
      operate(context, "Add", x, lookUp(context, table, x.width, graph.whole([0]))),
    addAlternatingSinusoids: (x, count) => {
      const { width } = x;
      const values = alternatingSinusoids(count, width);
      const matrix = matrixFrom(values, width);
      const name = `sinusoids[${count},${width}]`;
      const rows = graph.weight({ name, dims: [count, width], dtype: "F32", matrix });
      return folded(context, graph.add("Add", [unfolded(context, x), rows]), width);
    },
    patches: (entry, width) => {
      const { input = "pixels", patches, patchSize, frames } = entry;
      const { stride = [patchSize, patchSize] } = entry;
      cutInput = inputs[input];
      const strides = ints(frames === undefined ? stride : [frames.together, ...stride]);
      const cut = convolve(context, patches, imagesOf(context, input), { strides });
      const squares = graph.add("Reshape", [cut, graph.whole([0, width, -1])]);
      return folded(context, permute(context, squares, [0, 2, 1]), width);
    },
    countPatches,
    frames: ({ input, channels }) =>
      input === "waveform"
        ? folded(context, graph.add("Unsqueeze", [inputs.waveform, graph.whole([2])]), 1)
        : folded(context, permute(context, inputs.features, [0, 2, 1]), channels),
    convolve: (x, convolution) => {
      const { linear: map, stride, padding, groups } = convolution;
      const heard = convolve(context, map, permute(context, unfolded(context, x), [0, 2, 1]), {
        strides: ints([stride]),
        pads: ints(padding),
        group: int(groups),
      }, kernelAt(context, convolution));
      return folded(context, permute(context, heard, [0, 2, 1]), outputsOf(context, map));
    },
    normOverTime: (x, { eps, gain, bias }) => {
      const turned = permute(context, unfolded(context, x), [0, 2, 1]);
      const weights = [vector(context, gain), vector(context, bias)];
      const normed = graph.add("InstanceNormalization", [turned, ...weights], {
        epsilon: float(eps),
      });
      return folded(context, permute(context, normed, [0, 2, 1]), x.width);
    },
    vectors: (table, width) => {
      const count = countVectors(context, table, width);
      const wanted = graph.add("Concat", [batch(), graph.whole([count, width])], { axis: int(0) });
      const rows = matrix(context, table.table, [count, width]);
      return folded(context, graph.add("Expand", [rows, wanted]), width);
    },
    countVectors: (table, width) => countVectors(context, table, width),
  };
}
