// tfjs's own products replaced: its kernels are fast only where nothing is transposed and there is no batch.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { multiply } from "./product.ts";
import type { Runtime } from "./runtime.ts";

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
export function matMulReplacements(runtime: Runtime): Record<string, tf.KernelFunc> {
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
