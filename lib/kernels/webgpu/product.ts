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
import type { Runner } from "./runner_types.ts";
import type { Strategy } from "./strategy.ts";

/** The operands of a product. */
export interface ProductInputs {
  /** [..., M, K], or [..., K, M] if transposed. */
  readonly a: TensorInfo;
  /** [..., K, N], or [..., N, K] if transposed. */
  readonly b: TensorInfo;
  /** Added to every row, [N]. */
  readonly bias?: TensorInfo | undefined;
  /** Whether `a` is stored transposed. */
  readonly transposeA?: boolean;
  /** Whether `b` is stored transposed. */
  readonly transposeB?: boolean;
}

/** Multiplies matrices. */
export type Product = (inputs: ProductInputs) => TensorInfo;

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

function nameOf(
  { a, b, bias, packedOutput, raggedInner, tileRows, handOver }: ProductVariant,
): string {
  const operand = ({ transposed, packed }: OperandLayout, name: string): string =>
    `${name}${transposed ? "ᵀ" : ""}${packed ? "" : " loose"}`;
  const rest = [
    bias && "bias",
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
  return ({ a, b, bias, transposeA = false, transposeB = false }) => {
    const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const [linesA, lengthA] = a.shape.slice(-2) as [number, number];
    const [linesB, lengthB] = b.shape.slice(-2) as [number, number];
    const [rows, inner] = transposeA ? [lengthA, linesA] : [linesA, lengthA];
    const columns = transposeB ? linesB : lengthB;
    const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
    const batch = tf.util.sizeFromShape(outer);
    const variant: ProductVariant = {
      a: { transposed: transposeA, packed: lengthA % 4 === 0 },
      b: { transposed: transposeB, packed: lengthB % 4 === 0 },
      packedOutput: columns % 4 === 0,
      raggedInner: inner % 4 !== 0,
      bias: bias !== undefined,
      tileRows: tileRows(rows, handOver),
      handOver,
    };
    const batchShape = [...Array<number>(batchAxes - outer.length).fill(1), ...outer];
    const tiles = Math.ceil(rows / variant.tileRows) * Math.ceil(columns / tileColumns);
    return runner.run({
      key: nameOf(variant),
      wgsl: () => productSource(variant, handOver ? subgroups!.directive : ""),
      inputs: bias === undefined ? [a, b] : [a, b, bias],
      outputs: [{ shape: [...outer, rows, columns] }],
      uniforms: {
        u32: [
          ...[rows, columns, inner, batch],
          ...batchShape.slice(1),
          ...steps(outerA, linesA * lengthA),
          ...steps(outerB, linesB * lengthB),
        ],
      },
      groups: batch * tiles,
    })[0]!;
  };
}

/** Attributes of tfjs's products, as far as they are looked at here. */
interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string | null;
}

/** Whether our product computes this: numbers, and nothing beside a bias for each column. */
function isPlain(
  { a, b, bias, preluActivationWeights: prelu }: Partial<Readonly<Record<string, TensorInfo>>>,
  { activation = null }: MatMulAttributes,
): boolean {
  const floats = [a, b].every((x) => x!.dtype === "float32");
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
      const inputs = call.inputs as unknown as ProductInputs & Readonly<Record<string, TensorInfo>>;
      const attributes = call.attrs as unknown as MatMulAttributes;
      if (!isPlain(inputs, attributes)) return original(call);
      const { transposeA, transposeB } = attributes;
      return product({ ...inputs, transposeA, transposeB });
    }];
  };
  return Object.fromEntries(["BatchMatMul", "_FusedMatMul"].map(replacement));
}
