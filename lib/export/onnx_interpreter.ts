// The forward pass as ONNX operators: each operation adds what computes it to a graph.

import { matrixFrom, matrixOf } from "../convert/lazy_matrix.ts";
import { gates } from "../kernels/gate.ts";
import { rowsOf } from "../checkpoint/tensors.ts";
import { outputsOf } from "../families/shapes.ts";
import { kernelOf } from "../interpret/audio.ts";
import { alternatingSinusoids, countPatches } from "../model/patches.ts";
import type { EntryOf, Interpreter, Picked } from "../model/interpreter.ts";
import {
  type ActivationName,
  type Convolution,
  inputOf,
  type Linear,
  type Stack,
  type Table,
} from "../model/spec.ts";
import { attend, relativeGates, splitQkv, unfold } from "./onnx_attention.ts";
import { float, int, ints, word } from "./onnx_graph.ts";
import {
  apply,
  asFloat,
  matrix,
  normalize,
  type OnnxContext,
  type OnnxStream,
  vector,
} from "./onnx_weights.ts";
import { computedPositions, permute, placesOf } from "./onnx_positions.ts";

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

/** The function of a feed-forward network. */
function activate({ graph }: OnnxContext, activation: ActivationName, x: string): string {
  const gated = (factor: number): string => {
    const inner = factor === 1 ? x : graph.add("Mul", [x, graph.numbers(factor)]);
    return graph.add("Mul", [x, graph.add("Sigmoid", [inner])]);
  };
  switch (activation) {
    case "gelu":
      return graph.add("Gelu", [x], { approximate: word("none") });
    case "gelu_new":
      return graph.add("Gelu", [x], { approximate: word("tanh") });
    case "relu":
      return graph.add("Relu", [x]);
    case "relu2": {
      const positive = graph.add("Relu", [x]);
      return graph.add("Mul", [positive, positive]);
    }
    case "silu":
      return gated(1);
    case "quick_gelu":
      return gated(1.702);
    case "tanh":
      return graph.add("Tanh", [x]);
  }
}

/** The row of each sequence where a number of each token is largest, the first of equals: [batch, width]. */
function largestRow({ graph }: OnnxContext, x: string, numbers: string): string {
  const at = graph.add("ArgMax", [numbers], { axis: int(1), keepdims: int(1) });
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
function isToken({ graph, inputs: { tokens } }: OnnxContext, token: number): string {
  return graph.add("Cast", [graph.add("Equal", [tokens, graph.whole(token)])], { to: int(7) });
}

/** The place of each token, 0 of padding. */
function lastPlaces(context: OnnxContext, size: string, padToken: number): string {
  const { graph } = context;
  const isText = graph.add("Sub", [graph.whole(1), isToken(context, padToken)]);
  return graph.add("Mul", [isText, placesOf(context, size)]);
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

/** The rows that a head reads, [batch, width]. */
function pickRows(
  context: OnnxContext,
  { reads, endToken, padToken }: Picked,
  { rows, size, width }: OnnxStream,
  stack: Stack,
): string {
  const { graph, inputs: { tokens } } = context;
  const x = unfold(context, rows, size, [width]);
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
        : largestRow(context, x, lastPlaces(context, size, padToken));
    case "end":
      return largestRow(context, x, endToken === undefined ? tokens : isToken(context, endToken));
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

/**
 * The forward pass that adds operators to a graph; a value is named rows [batch · length, width] with their size.
 *
 * @param context The graph, and where the weights are.
 * @returns The interpreter.
 */
export function onnxInterpreter(context: OnnxContext): Interpreter<OnnxStream> {
  const { graph, tensors, inputs } = context;
  const changed = (x: OnnxStream, rows: string, width = x.width): OnnxStream => ({
    ...x,
    rows,
    width,
  });
  const operator = (name: string, x: OnnxStream, ...others: readonly string[]): OnnxStream =>
    changed(x, graph.add(name, [x.rows, ...others]));
  const full = ({ rows, size, width }: OnnxStream): string => unfold(context, rows, size, [width]);
  /** Rows of a value [batch, length, width]. */
  const flat = (x: string, width: number): OnnxStream => ({
    rows: graph.add("Reshape", [x, graph.whole([-1, width])]),
    size: graph.add("Shape", [x], { start: int(0), end: int(2) }),
    width,
  });
  const linear = (x: OnnxStream, map: Linear): OnnxStream =>
    changed(x, apply(context, map, x.rows), outputsOf(context, map));
  /** Vectors side by side. */
  const row = (names: readonly string[]): string => {
    const all = names.map((name) => vector(context, name));
    return all.length === 1 ? all[0]! : graph.add("Concat", all, { axis: int(0) });
  };
  /** The size of one row of each. */
  const oneOf = (size: string): string =>
    graph.once(`one of ${size}`, () => {
      const count = graph.add("Slice", [size, graph.whole([0]), graph.whole([1])]);
      return graph.add("Concat", [count, graph.whole([1])], { axis: int(0) });
    });
  /** The input that patches are cut of. */
  let cutInput = inputs.pixels;
  const batch = (): string =>
    graph.once(
      "batch",
      () => graph.add("Shape", [cutInput], { start: int(0), end: int(1) }),
    );
  return {
    has: (name) => tensors.has(name),
    reads: () => true,
    add: (x, y) => operator("Add", x, y.rows),
    scale: (factor, x) => operator("Mul", x, graph.numbers(factor)),
    weigh: (weight, x) => operator("Mul", x, weight.rows),

    tokens: (entry, width) => {
      const ids = inputs[inputOf(entry)];
      const rows = lookUp(context, entry.tokens, width, ids);
      if (entry.masked === undefined) return flat(rows, width);
      return flat(graph.add("Mul", [rows, maskFactors(context, ids, entry.masked)]), width);
    },
    addPositions: (x, table, offset) => {
      const places = placesOf(context, x.size);
      const rows = offset === 0 ? places : graph.add("Add", [places, graph.whole(offset)]);
      const added = graph.add("Add", [full(x), lookUp(context, table, x.width, rows)]);
      return changed(x, graph.add("Reshape", [added, graph.whole([-1, x.width])]));
    },
    addSinusoids: (x, entry, sinusoids) => {
      const added = graph.add("Add", [full(x), computedPositions(context, entry, sinusoids, x)]);
      return changed(x, graph.add("Reshape", [added, graph.whole([-1, x.width])]));
    },
    addFirst: (x, table) => operator("Add", x, lookUp(context, table, x.width, graph.whole([0]))),
    addAlternatingSinusoids: (x, count) => {
      const { width } = x;
      const values = alternatingSinusoids(count, width);
      const matrix = matrixFrom(values, width);
      const name = `sinusoids[${count},${width}]`;
      const rows = graph.weight({ name, dims: [count, width], dtype: "F32", matrix });
      return flat(graph.add("Add", [full(x), rows]), width);
    },
    patches: (entry, width) => {
      const { input = "pixels", patches, patchSize, frames } = entry;
      const { stride = [patchSize, patchSize] } = entry;
      cutInput = inputs[input];
      const strides = ints(frames === undefined ? stride : [frames.together, ...stride]);
      const cut = convolve(context, patches, imagesOf(context, input), { strides });
      const squares = graph.add("Reshape", [cut, graph.whole([0, width, -1])]);
      return flat(permute(context, squares, [0, 2, 1]), width);
    },
    countPatches,
    frames: ({ input, channels }) =>
      input === "waveform"
        ? flat(graph.add("Unsqueeze", [inputs.waveform, graph.whole([2])]), 1)
        : flat(permute(context, inputs.features, [0, 2, 1]), channels),
    convolve: (x, convolution) => {
      const { linear: map, stride, padding, groups } = convolution;
      const heard = convolve(context, map, permute(context, full(x), [0, 2, 1]), {
        strides: ints([stride]),
        pads: ints(padding),
        group: int(groups),
      }, kernelAt(context, convolution));
      return flat(permute(context, heard, [0, 2, 1]), outputsOf(context, map));
    },
    normOverTime: (x, { eps, gain, bias }) => {
      const turned = permute(context, full(x), [0, 2, 1]);
      const weights = [vector(context, gain), vector(context, bias)];
      const normed = graph.add("InstanceNormalization", [turned, ...weights], {
        epsilon: float(eps),
      });
      return flat(permute(context, normed, [0, 2, 1]), x.width);
    },
    vectors: (table, width) => {
      const count = countVectors(context, table, width);
      const wanted = graph.add("Concat", [batch(), graph.whole([count, width])], { axis: int(0) });
      const rows = matrix(context, table.table, [count, width]);
      return flat(graph.add("Expand", [rows, wanted]), width);
    },
    countVectors: (table, width) => countVectors(context, table, width),
    joinRows: (parts) => {
      const [first] = parts as [OnnxStream];
      if (parts.length === 1) return first;
      return flat(graph.add("Concat", parts.map(full), { axis: int(1) }), first.width);
    },
    rows: (x, first, count) => {
      const end = count === undefined ? 2 ** 31 - 1 : first + count;
      const range = [first, end, 1].map((at) => graph.whole([at]));
      return flat(graph.add("Slice", [full(x), ...range]), x.width);
    },

    linear,
    norm: (x, norm) => changed(x, normalize(context, norm, x.rows, x.width)),
    normHeads: (x, norm, headWidth) => {
      const perHead = graph.add("Reshape", [x.rows, graph.whole([-1, headWidth])]);
      const normed = normalize(context, norm, perHead, headWidth);
      return changed(x, graph.add("Reshape", [normed, graph.whole([-1, x.width])]));
    },
    route: (x, top) => {
      const [row, column] = [-2, -1].map((axis) =>
        graph.add("Unsqueeze", [x.rows, graph.whole([axis])])
      ) as [string, string];
      const others = graph.add("Cast", [graph.add("Greater", [row, column])], { to: int(1) });
      const larger = graph.add("ReduceSum", [others, graph.whole([-1])], { keepdims: int(0) });
      const isHidden = graph.add("GreaterOrEqual", [larger, graph.numbers(top)]);
      const scores = graph.add("Where", [isHidden, graph.numbers(-1e9), x.rows]);
      return changed(x, graph.add("Softmax", [scores], { axis: int(-1) }));
    },
    multiplyColumn: (x, others, column) => {
      const weights = graph.add("Gather", [others.rows, graph.whole([column])], { axis: int(-1) });
      return operator("Mul", x, weights);
    },
    activate: (x, activation) => changed(x, activate(context, activation, x.rows)),
    multiply: (x, y) => operator("Mul", x, y.rows),
    multiplyVectors: (x, names) => operator("Mul", x, row(names)),
    clip: (x, limit) => operator("Clip", x, graph.numbers(-limit), graph.numbers(limit)),
    softcap: (x, limit) => {
      const bent = graph.add("Tanh", [graph.add("Div", [x.rows, graph.numbers(limit)])]);
      return changed(x, graph.add("Mul", [bent, graph.numbers(limit)]));
    },
    addSum: (x, factor) => {
      const sum = graph.add("ReduceSum", [x.rows, graph.whole([-1])]);
      const scaled = factor === 1 ? sum : graph.add("Mul", [sum, graph.numbers(factor)]);
      return operator("Add", x, scaled);
    },
    halves: (x) => {
      const half = x.width / 2;
      const [first, second] = graph.split(x.rows, [half, half]);
      return [changed(x, first!, half), changed(x, second!, half)];
    },
    firstColumns: (x, count) =>
      changed(x, graph.split(x.rows, [count, x.width - count])[0]!, count),
    scalar: (name) => ({ rows: vector(context, name), size: "", width: 1 }),
    gpas: (x, gate, activation) => {
      const factor = {
        label: `1-${activation}`,
        of: (g: number) => 1 - gates[activation].value(g),
      };
      return operator("Mul", x, vector(context, gate, factor));
    },

    splitQkv: (x, order, attention) => splitQkv(context, x, order, attention),
    relativeGates: (x, gate, attention) =>
      changed(x, relativeGates(context, x, gate, attention), attention.heads),
    attend: (given, attention) =>
      changed(
        given.q,
        attend(context, given, attention),
        attention.heads * attention.headWidth,
      ),
    pick: (x, head, stack) => {
      if (head.reads === "all") return x;
      const rows = pickRows(context, head, x, stack);
      const width = head.reads === "first-and-mean" ? 2 * x.width : x.width;
      return { rows, size: oneOf(x.size), width };
    },
  };
}
