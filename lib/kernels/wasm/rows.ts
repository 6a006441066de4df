// tfjs's `GatherV2` and `Transpose` replaced where whole rows move: it moves them number by number.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { sizeOf } from "./elements.ts";
import type { Runtime } from "./runtime.ts";

/** Numbers that are worth waking a thread for. */
const worthThread = 65_536;

function isNumeric({ dtype }: TensorInfo): boolean {
  return dtype === "float32" || dtype === "int32";
}

/** Rows of x by number; undefined where an index is outside or the axis is not the first. */
function gather(
  runtime: Runtime,
  x: TensorInfo,
  indices: TensorInfo,
  axis: number,
): TensorInfo | undefined {
  const [rows, ...rest] = x.shape as [number, ...number[]];
  const count = sizeOf(indices.shape);
  const ids = runtime.integers(runtime.address(indices), count);
  if (axis !== 0 || !isNumeric(x) || !ids.every((id) => id >= 0 && id < rows)) return undefined;
  const y = runtime.output([...indices.shape, ...rest], x.dtype);
  const addresses = [x, indices, y].map((tensor) => runtime.address(tensor));
  const width = sizeOf(rest);
  runtime.split(
    "gatherRows",
    count,
    Math.ceil(worthThread / width),
    (first, count) => [...addresses, width, first, count],
  );
  return y;
}

/** Strides in numbers of the axes of a shape. */
function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** x with its axes in another order; undefined where the last does not stay, or more than three others move. */
function permute(
  runtime: Runtime,
  x: TensorInfo,
  order: readonly number[],
): TensorInfo | undefined {
  const last = x.shape.length - 1;
  if (last < 2 || last > 3 || order[last] !== last || !isNumeric(x)) return undefined;
  const shape = order.map((axis) => x.shape[axis]!);
  const steps = order.map((axis) => stridesOf(x.shape)[axis]! * 4);
  const [outer, middle, inner] = last === 3 ? shape : [1, ...shape];
  const [outerStep, middleStep, innerStep] = last === 3 ? steps : [0, ...steps];
  const width = x.shape[last]!;
  const y = runtime.output(shape, x.dtype);
  const [from, to] = [runtime.address(x), runtime.address(y)];
  runtime.split(
    "permuteRows",
    outer! * middle!,
    Math.ceil(worthThread / (inner! * width)),
    (first, count) => {
      const axes = [middle!, inner!, width, outerStep!, middleStep!, innerStep!];
      return [from, to, ...axes, first, count];
    },
  );
  return y;
}

/**
 * `GatherV2` along the first axis, and `Transpose` of three or four axes where the last stays.
 *
 * @param runtime The module.
 * @returns The kernels by name; everything else goes on to tfjs's own.
 */
export function rowReplacements(runtime: Runtime): Record<string, tf.KernelFunc> {
  const gatherOriginal = tf.getKernel("GatherV2", "wasm").kernelFunc;
  const transposeOriginal = tf.getKernel("Transpose", "wasm").kernelFunc;
  return {
    GatherV2: (call) => {
      const { x, indices } = call.inputs as unknown as Record<"x" | "indices", TensorInfo>;
      const { axis } = call.attrs as unknown as { readonly axis: number };
      return gather(runtime, x, indices, axis) ?? gatherOriginal(call);
    },
    Transpose: (call) => {
      const { x } = call.inputs as unknown as { readonly x: TensorInfo };
      const { perm } = call.attrs as unknown as { readonly perm: readonly number[] };
      return permute(runtime, x, perm) ?? transposeOriginal(call);
    },
  };
}
