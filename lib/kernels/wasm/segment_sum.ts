// `UnsortedSegmentSum`, which tfjs's WASM backend lacks: the gradient of `tf.gather`.

import type { KernelFunc } from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import type { Runtime } from "./runtime.ts";

/** @returns The kernel `UnsortedSegmentSum`: rows of x added up by their id; other ids are left out. */
export function segmentSumReplacement(runtime: Runtime): Record<string, KernelFunc> {
  return {
    UnsortedSegmentSum: ({ inputs, attrs }) => {
      const { x, segmentIds } = inputs as unknown as Record<"x" | "segmentIds", TensorInfo>;
      const { numSegments } = attrs as unknown as { readonly numSegments: number };
      const [rows, ...rest] = x.shape as [number, ...number[]];
      const width = rest.reduce((size, length) => size * length, 1);
      const sums = runtime.output([numSegments, ...rest]);
      const [from, ids, to] = [x, segmentIds, sums].map(runtime.address);
      runtime.call("segmentSum", from!, ids!, to!, rows, width, numSegments);
      return sums;
    },
  };
}
