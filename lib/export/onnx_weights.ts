// The parts of an ONNX graph that hold weights: vectors, matrices, linear maps and norms.

import { type LazyMatrix, matrixFrom, matrixOf } from "../convert/lazy_matrix.ts";
import { rowsOf, type TensorSource } from "../checkpoint/tensors.ts";
import {
  hasOffset,
  type InputName,
  type Linear,
  type NormSpec,
  withoutOffset,
} from "../model/spec.ts";
import { float, int, type OnnxDType, type OnnxGraph } from "./onnx_graph.ts";

/** The operators that compute RMSNorm: ONNX's own since opset 23, and what onnxruntime called it before. */
export const rmsOperators = ["RMSNormalization", "SimplifiedLayerNormalization"] as const;

/** An operator that computes RMSNorm. */
export type RmsOperator = typeof rmsOperators[number];

/** A graph under construction, and where its weights are. */
export interface OnnxContext {
  readonly graph: OnnxGraph;
  readonly tensors: TensorSource;
  readonly rmsOperator: RmsOperator;
  /** What the model's inputs are called. */
  readonly inputs: Readonly<Record<InputName, string>>;
  /** How matrices and tables are stored. */
  readonly dtype: OnnxDType;
}

/** Rows of a stream [batch · length, width] with their size, an int64 [batch, length]. */
export interface OnnxStream {
  readonly rows: string;
  readonly size: string;
  readonly width: number;
}

/** A matrix with each number changed. */
export function eachNumber(matrix: LazyMatrix, change: (value: number) => number): LazyMatrix {
  return {
    ...matrix,
    read: async (first, count) => (await matrix.read(first, count)).map(change),
  };
}

/**
 * A vector of the checkpoint as a weight.
 *
 * @param context Where it goes.
 * @param name The tensor, whose shape is a vector's but for axes of 1.
 * @param change What is done to each number, and what to call the result.
 * @returns The name of its value.
 */
export function vector(
  { graph, tensors }: OnnxContext,
  name: string,
  change?: { readonly label: string; readonly of: (value: number) => number },
): string {
  const { rows, width } = rowsOf(tensors.info(name).shape);
  const stored = matrixOf(tensors, name);
  const [label, matrix] = change === undefined
    ? [name, stored]
    : [`${change.label}(${name})`, eachNumber(stored, change.of)];
  return graph.weight({ name: label, dims: [rows * width], dtype: "F32", matrix });
}

/** A matrix of the checkpoint as a weight of given dims, as float32. */
export function matrix(context: OnnxContext, name: string, dims?: readonly number[]): string {
  const { graph, tensors, dtype } = context;
  const { rows, width } = rowsOf(tensors.info(name).shape);
  const weight = { name, dims: dims ?? [rows, width], dtype, matrix: matrixOf(tensors, name) };
  return asFloat(context, graph.weight(weight));
}

/** A value of stored weights in float32. */
export function asFloat({ graph, dtype }: OnnxContext, value: string): string {
  if (dtype === "F32") return value;
  return graph.once(`cast ${value}`, () => graph.add("Cast", [value], { to: int(1) }));
}

/**
 * A linear map of rows, y = op(W) x + b.
 *
 * Shapes: x [N, inputs] · returns [N, outputs]
 *
 * @param context Where it goes.
 * @param linear The map.
 * @param x The rows.
 * @returns The name of the value.
 */
export function apply(context: OnnxContext, { weight, bias, layout }: Linear, x: string): string {
  const added = context.tensors.has(bias) ? [vector(context, bias)] : [];
  const transposed = layout === "out-in" ? { transB: int(1) } : {};
  return context.graph.add("Gemm", [x, matrix(context, weight), ...added], transposed);
}

/** The gain of a norm; RMSNorm's operators demand one. */
function gainOf(context: OnnxContext, { gain, kind }: NormSpec, width: number): string {
  if (context.tensors.has(gain)) {
    const offset = { label: "1+", of: (value: number): number => 1 + value };
    return vector(context, gain, ...(hasOffset(kind) ? [offset] : []));
  }
  const name = `ones[${width}]`;
  const ones = matrixFrom(new Float64Array(width).fill(1));
  return context.graph.weight({ name, dims: [width], dtype: "F32", matrix: ones });
}

/** x / √((Σx² + (Σx)²) / (d + 1) + ε): ONNX has no operator for it. */
function compressed({ graph }: OnnxContext, x: string, width: number, eps: number): string {
  const last = [x, graph.whole([-1])];
  const sum = graph.add("ReduceSum", last);
  const squares = graph.add("ReduceSumSquare", last);
  const total = graph.add("Add", [squares, graph.add("Mul", [sum, sum])]);
  const mean = graph.add("Mul", [total, graph.numbers(1 / (width + 1))]);
  const root = graph.add("Sqrt", [graph.add("Add", [mean, graph.numbers(eps)])]);
  return graph.add("Div", [x, root]);
}

/**
 * A norm along the last axis.
 *
 * @param context Where it goes.
 * @param site The norm.
 * @param x What it reads.
 * @param width The length of the last axis.
 * @returns The name of the value.
 * @throws {RangeError} If its last lane is padding.
 */
export function normalize(context: OnnxContext, site: NormSpec, x: string, width: number): string {
  const { graph, tensors, rmsOperator } = context;
  const bias = tensors.has(site.bias) ? [vector(context, site.bias)] : [];
  const attributes = { axis: int(-1), epsilon: float(site.eps) };
  const kind = withoutOffset(site.kind);
  if (kind === "layer") {
    const inputs = [x, gainOf(context, site, width), ...bias];
    return graph.add("LayerNormalization", inputs, attributes);
  }
  if (kind === "crms-padded") {
    throw new RangeError("Cannot export a norm whose last lane is padding (crms-padded)");
  }
  let y: string;
  if (kind === "crms") {
    y = compressed(context, x, width, site.eps);
    if (tensors.has(site.gain)) y = graph.add("Mul", [y, gainOf(context, site, width)]);
  } else {
    y = graph.add(rmsOperator, [x, gainOf(context, site, width)], attributes);
  }
  return bias.length === 0 ? y : graph.add("Add", [y, ...bias]);
}
