// The forward pass as ONNX operators: each operation adds what computes it to a graph.

import { outputsOf } from "../families/shapes.ts";
import { gates } from "../kernels/gate.ts";
import type { Interpreter } from "../model/interpreter.ts";
import type { ActivationName, Routing } from "../model/spec.ts";
import { attend, relativeGates, splitQkv } from "./onnx_attention.ts";
import { onnxEntries } from "./onnx_entries.ts";
import { int, word } from "./onnx_graph.ts";
import { pickRows, sizeOfOne } from "./onnx_heads.ts";
import { folded, operate, unfolded, withRows } from "./onnx_rows.ts";
import { apply, normalize, type OnnxContext, type OnnxStream, vector } from "./onnx_weights.ts";

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

/** Whether a number is none of the `top` largest of its row. */
function isHidden({ graph }: OnnxContext, x: string, top: number): string {
  const [row, column] = [-2, -1].map((axis) =>
    graph.add("Unsqueeze", [x, graph.whole([axis])])
  ) as [string, string];
  const others = graph.add("Cast", [graph.add("Greater", [row, column])], { to: int(1) });
  const larger = graph.add("ReduceSum", [others, graph.whole([-1])], { keepdims: int(0) });
  return graph.add("GreaterOrEqual", [larger, graph.numbers(top)]);
}

/** SparseMixer's weights, of one choice after the other. */
function mixSparsely(context: OnnxContext, x: string, top: number, within: number): string {
  const { graph } = context;
  const hidden = graph.numbers(-1e9);
  let [left, sum] = [x, ""];
  for (let turn = 0; turn < top; turn++) {
    const isOther = isHidden(context, left, 1);
    const most = graph.add("ReduceMax", [left, graph.whole([-1])]);
    const size = graph.add("Max", [graph.add("Abs", [x]), most]);
    const distance = graph.add("Div", [graph.add("Sub", [most, x]), size]);
    const isFar = graph.add("Greater", [distance, graph.numbers(2 * within)]);
    const near = graph.add("Where", [isFar, hidden, left]);
    const shares = graph.add("Softmax", [near], { axis: int(-1) });
    const weight = graph.add("Where", [isOther, graph.numbers(0), shares]);
    sum = sum === "" ? weight : graph.add("Add", [sum, weight]);
    left = graph.add("Where", [isOther, left, hidden]);
  }
  return sum;
}

/** The weights of networks of each row, from their scores. */
function routed(context: OnnxContext, x: string, { top, among }: Routing): string {
  const { graph } = context;
  if (typeof among === "number") return mixSparsely(context, x, top, among);
  const softmax = (of: string): string => graph.add("Softmax", [of], { axis: int(-1) });
  const others = isHidden(context, x, top);
  if (among === "all") return graph.add("Where", [others, graph.numbers(0), softmax(x)]);
  return softmax(graph.add("Where", [others, graph.numbers(-1e9), x]));
}

/** Vectors side by side. */
function sideBySide(context: OnnxContext, names: readonly string[]): string {
  const all = names.map((name) => vector(context, name));
  return all.length === 1 ? all[0]! : context.graph.add("Concat", all, { axis: int(0) });
}

/**
 * The forward pass that adds operators to a graph; a value is named rows [batch · length, width] with their size.
 *
 * @param context The graph, and where the weights are.
 * @returns The interpreter.
 */
export function onnxInterpreter(context: OnnxContext): Interpreter<OnnxStream> {
  const { graph, tensors } = context;
  return {
    has: (name) => tensors.has(name),
    reads: () => true,
    add: (x, y) => operate(context, "Add", x, y.rows),
    scale: (factor, x) => operate(context, "Mul", x, graph.numbers(factor)),
    weigh: (weight, x) => operate(context, "Mul", x, weight.rows),
    ...onnxEntries(context),

    joinRows: (parts) => {
      const [first] = parts as [OnnxStream];
      if (parts.length === 1) return first;
      return folded(
        context,
        graph.add("Concat", parts.map((part) => unfolded(context, part)), { axis: int(1) }),
        first.width,
      );
    },
    rows: (x, first, count) => {
      const end = count === undefined ? 2 ** 31 - 1 : first + count;
      const range = [first, end, 1].map((at) => graph.whole([at]));
      return folded(context, graph.add("Slice", [unfolded(context, x), ...range]), x.width);
    },

    linear: (x, map) => withRows(x, apply(context, map, x.rows), outputsOf(context, map)),
    norm: (x, norm) => withRows(x, normalize(context, norm, x.rows, x.width)),
    normHeads: (x, norm, headWidth) => {
      const perHead = graph.add("Reshape", [x.rows, graph.whole([-1, headWidth])]);
      const normed = normalize(context, norm, perHead, headWidth);
      return withRows(x, graph.add("Reshape", [normed, graph.whole([-1, x.width])]));
    },
    route: (x, routing) => withRows(x, routed(context, x.rows, routing)),
    multiplyColumn: (x, others, column) => {
      const weights = graph.add("Gather", [others.rows, graph.whole([column])], { axis: int(-1) });
      return operate(context, "Mul", x, weights);
    },
    activate: (x, activation) => withRows(x, activate(context, activation, x.rows)),
    multiply: (x, y) => operate(context, "Mul", x, y.rows),
    multiplyVectors: (x, names) => operate(context, "Mul", x, sideBySide(context, names)),
    clip: (x, limit) => operate(context, "Clip", x, graph.numbers(-limit), graph.numbers(limit)),
    softcap: (x, limit) => {
      const bent = graph.add("Tanh", [graph.add("Div", [x.rows, graph.numbers(limit)])]);
      return withRows(x, graph.add("Mul", [bent, graph.numbers(limit)]));
    },
    addSum: (x, factor) => {
      const sum = graph.add("ReduceSum", [x.rows, graph.whole([-1])]);
      const scaled = factor === 1 ? sum : graph.add("Mul", [sum, graph.numbers(factor)]);
      return operate(context, "Add", x, scaled);
    },
    halves: (x) => {
      const half = x.width / 2;
      const [first, second] = graph.split(x.rows, [half, half]);
      return [withRows(x, first!, half), withRows(x, second!, half)];
    },
    firstColumns: (x, count) =>
      withRows(x, graph.split(x.rows, [count, x.width - count])[0]!, count),
    scalar: (name) => ({ rows: vector(context, name), size: "", width: 1 }),
    gpas: (x, gate, activation) => {
      const factor = {
        label: `1-${activation}`,
        of: (g: number) => 1 - gates[activation].value(g),
      };
      return operate(context, "Mul", x, vector(context, gate, factor));
    },

    splitQkv: (x, order, attention) => splitQkv(context, x, order, attention),
    relativeGates: (x, gate, attention) =>
      withRows(x, relativeGates(context, x, gate, attention), attention.heads),
    attend: (queries, keysValues, attention) =>
      withRows(
        queries.q,
        attend(context, { ...queries, ...keysValues() }, attention),
        attention.heads * attention.headWidth,
      ),
    pick: (x, head, stack) => {
      if (head.reads === "all") return x;
      const rows = pickRows(context, head, x, stack);
      const width = head.reads === "first-and-mean" ? 2 * x.width : x.width;
      return { rows, size: sizeOfOne(context, x.size), width };
    },
  };
}
