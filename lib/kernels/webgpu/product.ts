// The matrix product on software adapters: which program runs on which shapes, for tfjs's own products (batched, transposed,
// broadcast) and for rows times a matrix.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import {
  lanes,
  type OperandLayout,
  productSource,
  type ProductVariant,
  tileColumns,
} from "./product_source.ts";
import type { OutputSpec, Runner } from "./runner_types.ts";
import type { Strategy } from "./strategy.ts";

/** The operands of a product, or of several of one size that have something in common. */
export interface ProductInputs {
  /** [..., M, K], or [..., K, M] if transposed: one for all, or one for each right operand. */
  readonly a: readonly TensorInfo[];
  /** [..., K, N], or [..., N, K] if transposed; where there are several, without a batch. */
  readonly b: readonly TensorInfo[];
  /** Added to every row, [N]: one for each right operand, or none. */
  readonly biases?: readonly TensorInfo[];
  /** Whether the left operands are stored transposed. */
  readonly transposeA?: boolean;
  /** Whether the right operands are stored transposed. */
  readonly transposeB?: boolean;
  /** Whether the sums [N] of the right operands' columns are asked for too; these are not transposed then. */
  readonly columnSums?: boolean;
}

/**
 * Multiplies matrices in one program. Of several right operands, with one left operand it gives the products, and then the sums of
 * columns that are asked for; with as many left operands, the sum of the products.
 */
export type Product = (inputs: ProductInputs) => TensorInfo[];

/** Axes of a batch that a program takes; tfjs's tensors have at most six axes. */
const batchAxes = 4;

/** How far apart the matrices of an operand are along each axis of the batch: 0 where it is repeated. */
function steps(outer: readonly number[], matrixSize: number): number[] {
  const shape = [...Array<number>(batchAxes - outer.length).fill(1), ...outer];
  return shape.map((length, axis) =>
    length === 1 ? 0 : shape.slice(axis + 1).reduce((size, next) => size * next, matrixSize)
  );
}

/** Rows of a tile: no more than the matrix asks for, and few where every lane reads all of them. */
function tileRows(rows: number, handOver: boolean): number {
  if (!handOver || rows <= lanes) return lanes;
  return rows <= 2 * lanes ? 2 * lanes : 4 * lanes;
}

function nameOf(variant: ProductVariant): string {
  const { a, b, bias, columnSums, parts, shared } = variant;
  const { packedOutput, raggedInner, tileRows, handOver } = variant;
  const operand = ({ transposed, packed }: OperandLayout, name: string): string =>
    `${name}${transposed ? "ᵀ" : ""}${packed ? "" : " loose"}`;
  const rest = [
    parts > 1 && `${shared} of ${parts}`,
    bias && "bias",
    columnSums && "sums of columns",
    !packedOutput && "loose output",
    raggedInner && "ragged",
    handOver && "handed over",
  ].filter(Boolean);
  return ["Product", operand(a, "a"), operand(b, "b"), tileRows, ...rest].join(" ");
}

/**
 * The product for software adapters.
 *
 * @param runner Runs it.
 * @param strategy Says whether subgroups are used; those of eight threads or more hand numbers over.
 * @returns The product.
 */
export function softwareProduct(runner: Runner, strategy: Strategy): Product {
  const { rows: takes, subgroups } = strategy.team(lanes);
  const handOver = takes === "subgroup" && subgroups!.size >= lanes;
  return (inputs) => {
    const { biases = [], transposeA = false, transposeB = false, columnSums = false } = inputs;
    const [a, b] = [inputs.a[0]!, inputs.b[0]!];
    const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const [linesA, lengthA] = a.shape.slice(-2) as [number, number];
    const [linesB, lengthB] = b.shape.slice(-2) as [number, number];
    const [rows, inner] = transposeA ? [lengthA, linesA] : [linesA, lengthA];
    const columns = transposeB ? linesB : lengthB;
    const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
    const [parts, shared] = [inputs.b.length, inputs.a.length === 1 ? "a" : "c"] as const;
    const products = shared === "a" ? parts : 1;
    const batch = products * tf.util.sizeFromShape(outer);
    const variant: ProductVariant = {
      a: { transposed: transposeA, packed: lengthA % 4 === 0 },
      b: { transposed: transposeB, packed: lengthB % 4 === 0 },
      packedOutput: columns % 4 === 0,
      raggedInner: inner % 4 !== 0,
      bias: biases.length > 0,
      columnSums,
      parts,
      shared,
      tileRows: tileRows(rows, handOver),
      handOver,
    };
    const batchShape = [...Array<number>(batchAxes - outer.length).fill(1), ...outer];
    // sums of columns are there without a row of the product as well
    const down = Math.max(1, Math.ceil(rows / variant.tileRows));
    const tiles = down * Math.ceil(columns / tileColumns);
    return runner.run({
      key: nameOf(variant),
      wgsl: () => productSource(variant, handOver ? subgroups!.directive : ""),
      inputs: [...inputs.a, ...inputs.b, ...biases],
      outputs: [[...outer, rows, columns], ...(columnSums ? [[columns]] : [])]
        .flatMap((shape) => Array<OutputSpec>(products).fill({ shape })),
      uniforms: {
        u32: [
          ...[rows, columns, inner, batch],
          ...batchShape.slice(1),
          ...steps(outerA, linesA * lengthA),
          ...steps(outerB, linesB * lengthB),
        ],
      },
      groups: batch * tiles,
    });
  };
}

/** Inputs of tfjs's products. */
interface MatMulInputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

/** Attributes of tfjs's products, as far as they are looked at here. */
interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string | null;
}

/** Whether our product computes this: numbers, and nothing beside a bias for each column. */
function isPlain(
  { a, b, bias, preluActivationWeights: prelu }: MatMulInputs,
  { activation = null }: MatMulAttributes,
): boolean {
  const floats = [a, b].every((x) => x.dtype === "float32");
  const plainBias = bias === undefined || bias.shape.length === 1 && bias.shape[0]! > 1;
  return floats && plainBias && prelu === undefined && (activation ?? "linear") === "linear";
}

/**
 * tfjs's products by name, with what runs instead; what ours does not compute goes to tfjs's own.
 *
 * @param product The product.
 * @returns The replacements.
 */
export function productReplacements(product: Product): Record<string, tf.KernelFunc> {
  const replacement = (name: string): [string, tf.KernelFunc] => {
    const { kernelFunc: original } = tf.getKernel(name, "webgpu");
    return [name, (call) => {
      const inputs = call.inputs as unknown as MatMulInputs;
      const attributes = call.attrs as unknown as MatMulAttributes;
      if (!isPlain(inputs, attributes)) return original(call);
      const { transposeA, transposeB } = attributes;
      const { a, b, bias } = inputs;
      const biases = bias === undefined ? [] : [bias];
      return product({ a: [a], b: [b], biases, transposeA, transposeB })[0]!;
    }];
  };
  return Object.fromEntries(["BatchMatMul", "_FusedMatMul"].map(replacement));
}
