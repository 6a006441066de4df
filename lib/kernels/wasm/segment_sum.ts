// `UnsortedSegmentSum`, which tfjs's WASM backend lacks: the gradient of `tf.gather`.

import type { KernelFunc } from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { cast, through } from "./cast.ts";
import type { Runtime } from "./runtime.ts";

/** @returns The kernel `UnsortedSegmentSum`: rows of x added up by their id, as floats; other ids are left out. */
export function segmentSumReplacement(runtime: Runtime): Record<string, KernelFunc> {
  const sumOf = (x: TensorInfo, segmentIds: TensorInfo, numSegments: number): TensorInfo => {
    const [rows, ...rest] = x.shape as [number, ...number[]];
    const width = rest.reduce((size, length) => size * length, 1);
    const sums = runtime.output([numSegments, ...rest]);
    const [from, ids, to] = [x, segmentIds, sums].map(runtime.address);
    runtime.call("segmentSum", from!, ids!, to!, rows, width, numSegments);
    return sums;
  };
  return {
    UnsortedSegmentSum: ({ inputs, attrs, backend }) => {
      const { x, segmentIds } = inputs as unknown as Record<"x" | "segmentIds", TensorInfo>;
      const { numSegments } = attrs as unknown as { readonly numSegments: number };
      return x.dtype === "float32"
        ? sumOf(x, segmentIds, numSegments)
        : through(backend, cast(backend, x, "float32"), (x) => sumOf(x, segmentIds, numSegments));
    },
  };
}
