// Matrix products: ours in place of tfjs's, which are fast only where nothing is transposed and there is no batch.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import type { Runtime } from "./runtime.ts";

/** A matrix in memory as a factor: where it is, and whether it is used transposed. */
export interface Factor {
  /** The address of the first number. */
  readonly address: number;
  /** Whether the matrix is stored transposed. */
  readonly transposed: boolean;
  /** Floats from one matrix of a batch to the next; 0 where all products use the same. */
  readonly stride?: number;
}

/** C = op(A) · op(B) + bias. */
export interface Product {
  readonly a: Factor;
  readonly b: Factor;
  /** Address of C; matrices of a batch follow each other. */
  readonly c: number;
  /** Rows of op(A). */
  readonly rows: number;
  /** Columns of op(B). */
  readonly columns: number;
  /** Columns of op(A), which are the rows of op(B). */
  readonly depth: number;
  /** Address of the vector added to each row, or 0. */
  readonly bias?: number;
  /** Number of products; 1 when absent. */
  readonly batch?: number;
}

/** Rows and columns of a tile in source/tile.ts. */
const tileRows = 6;
const tileColumns = 8;

/** Bytes of working memory for packed rows, as in source/product.ts. */
const rowBytes = 256 + 96 * 256 * 4;

/** Multiplications that are worth waking a thread for. */
const worthThread = 200_000;

/** Numbers to pack that are worth waking a thread for. */
const worthPacking = 16_384;

/** The strides of a factor in bytes: from one row of op(A) or column of op(B) to the next, and from one k to the next. */
function strides({ transposed }: Factor, depth: number, other: number): [number, number] {
  return transposed ? [4, other * 4] : [depth * 4, 4];
}

/** One product, its rows over the threads; op(B) is packed first, once for all of them. */
function multiplyOne(runtime: Runtime, product: Product): void {
  const { a, b, c, rows, columns, depth, bias = 0 } = product;
  const panels = Math.ceil(columns / tileColumns);
  const packedBytes = panels * tileColumns * depth * 4;
  const packed = runtime.scratch(packedBytes + runtime.threads * rowBytes);
  // the columns of op(B) are the rows of its transpose
  const bStrides = strides({ ...b, transposed: !b.transposed }, depth, columns);
  const packing = Math.ceil(worthPacking / (tileColumns * depth));
  runtime.split(
    "packPanels",
    panels,
    packing,
    (first, count) => [b.address, ...bStrides, columns, depth, packed, first, count],
  );
  const aStrides = strides(a, depth, rows);
  const grain = Math.ceil(worthThread / (tileRows * columns * depth));
  runtime.split(
    "multiplyPacked",
    Math.ceil(rows / tileRows),
    grain,
    (first, count, thread) => {
      const scratch = packed + packedBytes + thread * rowBytes;
      const row = first * tileRows;
      const end = Math.min(rows, row + count * tileRows);
      return [a.address, ...aStrides, packed, c, columns, depth, bias, scratch, row, end - row];
    },
  );
}

/** Many products, each done by one thread. */
function multiplyBatch(runtime: Runtime, product: Product, batch: number): void {
  const { a, b, c, rows, columns, depth, bias = 0 } = product;
  const bytes = rowBytes + Math.ceil(columns / tileColumns) * tileColumns * depth * 4;
  const working = runtime.scratch(runtime.threads * bytes);
  const aArguments = [a.address, ...strides(a, depth, rows), (a.stride ?? 0) * 4];
  const bStrides = strides({ ...b, transposed: !b.transposed }, depth, columns);
  const bArguments = [b.address, ...bStrides, (b.stride ?? 0) * 4];
  const grain = Math.ceil(worthThread / (rows * columns * depth));
  runtime.split(
    "multiplyBatch",
    batch,
    grain,
    (first, count, thread) => {
      const scratch = working + thread * bytes;
      return [...aArguments, ...bArguments, c, rows, columns, depth, bias, scratch, first, count];
    },
  );
}

/** Multiplications in a product that is large enough for threads to share it. */
const large = 4_000_000;

/**
 * Writes C = op(A) · op(B) + bias.
 *
 * @param runtime The module.
 * @param product Addresses and sizes; C overlaps neither factor.
 */
export function multiply(runtime: Runtime, product: Product): void {
  const { a, b, c, rows, columns, depth, batch = 1 } = product;
  if (rows * columns * batch === 0) return;
  if (batch > 1 && rows * columns * depth < large) return multiplyBatch(runtime, product, batch);
  for (let i = 0; i < batch; i++) {
    multiplyOne(runtime, {
      ...product,
      a: { ...a, address: a.address + i * (a.stride ?? 0) * 4 },
      b: { ...b, address: b.address + i * (b.stride ?? 0) * 4 },
      c: c + i * rows * columns * 4,
    });
  }
}

interface MatMulInputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string | null;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** For each product of a broadcast batch, which matrix of a factor it uses. */
function matricesOf(batchShape: readonly number[], shape: readonly number[]): number[] {
  const padded = [...Array<number>(batchShape.length - shape.length).fill(1), ...shape];
  let matrices = [0];
  for (const [axis, length] of batchShape.entries()) {
    const own = padded[axis]!;
    matrices = matrices.flatMap((at) =>
      Array.from({ length }, (_, i) => at * own + (own === 1 ? 0 : i))
    );
  }
  return matrices;
}

/** What these kernels do; everything else goes to the kernel that was there before. */
function isOurs(
  { a, b, bias, preluActivationWeights }: MatMulInputs,
  { transposeA, transposeB, activation }: MatMulAttributes,
): boolean {
  const columns = b.shape.at(transposeB ? -2 : -1);
  return a.dtype === "float32" && b.dtype === "float32" &&
    a.shape.at(transposeA ? -2 : -1) === b.shape.at(transposeB ? -1 : -2) &&
    (activation ?? "linear") === "linear" && preluActivationWeights == null &&
    (bias == null || (bias.shape.length === 1 && bias.shape[0] === columns));
}

function matMul(runtime: Runtime, inputs: MatMulInputs, attributes: MatMulAttributes): TensorInfo {
  const { a, b, bias } = inputs;
  const { transposeA, transposeB } = attributes;
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const depth = a.shape.at(transposeA ? -2 : -1)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const [aShape, bShape] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(aShape, bShape);
  const batch = sizeOf(batchShape);
  const output = runtime.output([...batchShape, rows, columns]);
  const one = {
    a: { address: runtime.address(a), transposed: transposeA, stride: rows * depth },
    b: { address: runtime.address(b), transposed: transposeB, stride: depth * columns },
    c: runtime.address(output),
    ...{ rows, columns, depth },
    ...(bias == null ? {} : { bias: runtime.address(bias) }),
  };
  const [aCount, bCount] = [sizeOf(aShape), sizeOf(bShape)];
  if ([1, batch].includes(aCount) && [1, batch].includes(bCount)) {
    multiply(runtime, {
      ...one,
      a: { ...one.a, stride: aCount === 1 ? 0 : one.a.stride },
      b: { ...one.b, stride: bCount === 1 ? 0 : one.b.stride },
      batch,
    });
    return output;
  }
  const [ofA, ofB] = [matricesOf(batchShape, aShape), matricesOf(batchShape, bShape)];
  for (let i = 0; i < batch; i++) {
    multiply(runtime, {
      ...one,
      a: { ...one.a, address: one.a.address + ofA[i]! * one.a.stride * 4 },
      b: { ...one.b, address: one.b.address + ofB[i]! * one.b.stride * 4 },
      c: one.c + i * rows * columns * 4,
    });
  }
  return output;
}

/**
 * `BatchMatMul` and `_FusedMatMul` of tfjs, in every transposition.
 *
 * @param runtime The module.
 * @returns The kernels by name; activations and odd biases go on to tfjs's own.
 */
export function productReplacements(runtime: Runtime): Record<string, tf.KernelFunc> {
  const kernelFor = (name: string): tf.KernelFunc => {
    const original = tf.getKernel(name, "wasm").kernelFunc;
    return (call) => {
      const inputs = call.inputs as unknown as MatMulInputs;
      const attributes = call.attrs as unknown as MatMulAttributes;
      return isOurs(inputs, attributes) ? matMul(runtime, inputs, attributes) : original(call);
    };
  };
  return { BatchMatMul: kernelFor("BatchMatMul"), _FusedMatMul: kernelFor("_FusedMatMul") };
}
