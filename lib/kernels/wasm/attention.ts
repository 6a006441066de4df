// Attention without its pattern in memory, with its gradient.

import { type AttentionSizes, attentionSizes, reachOf } from "../seen_keys.ts";
import type { AttentionAttributes, Kernels, TensorInfo } from "../contract.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

/** Queries and keys of a block, and its bytes, as in source/attention_block.ts. */
const [blockQueries, blockKeys] = [24, 96];
const blockBytes = blockQueries * blockKeys * 4;

/** Most queries for which packing keys and values does not pay. Measured at 64 and 512 keys: with 2 it does not, with 4 it does. */
const fewQueries = 3;

/** Multiplications that are worth waking a thread for. */
const worthThread = 200_000;

/** Bytes of a row of a head, padded to whole panels of 8 numbers. */
function rowBytes(width: number): number {
  return Math.ceil(width / 8) * 8 * 4;
}

/** Bytes up to the next cache line, so that each thread's working memory starts at one. */
function lines(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** What the functions of the module take after the addresses. */
function argumentsOf(attributes: AttentionAttributes, sizes: AttentionSizes): readonly number[] {
  const { queries, keys, heads, groups, width } = sizes;
  const { back, ahead } = reachOf(attributes, sizes);
  return [queries, keys, heads, groups, width, attributes.scale, back, ahead];
}

/** @returns The kernels of attention. */
export function attentionKernels(
  runtime: Runtime,
): Pick<Kernels<WasmBackend>, "NormkitAttention" | "NormkitAttentionGradient"> {
  const addresses = (...tensors: (TensorInfo | undefined)[]): number[] =>
    tensors.map((tensor) => tensor === undefined ? 0 : runtime.address(tensor));
  return {
    NormkitAttention: ([q, k, v, counts], attributes) => {
      const sizes = attentionSizes(q!.shape, k!.shape);
      const { batch, queries, keys, heads, width } = sizes;
      const [y, logSumExp] = [runtime.output(q!.shape), runtime.output(q!.shape.slice(0, -1))];
      const isFew = queries <= fewQueries;
      const bytes = lines(
        isFew
          ? keys * 4
          : 64 + 3 * blockQueries * 4 + blockBytes + 2 * (blockQueries + keys) * rowBytes(width),
      );
      const working = runtime.scratch(runtime.threads * bytes);
      const given = [
        ...addresses(q, k, v, counts, y, logSumExp),
        ...argumentsOf(attributes, sizes),
      ];
      const together = isFew ? 1 : Math.min(queries, blockQueries);
      runtime.split(
        isFew ? "attentionOfFew" : "attention",
        batch * heads * Math.ceil(queries / together),
        Math.ceil(worthThread / (together * keys * width)),
        (first, count, thread) => [...given, working + thread * bytes, first, count],
      );
      return [y, logSumExp];
    },
    NormkitAttentionGradient: ([dy, q, k, v, y, logSumExp, counts], attributes) => {
      const sizes = attentionSizes(q!.shape, k!.shape);
      const { batch, queries, keys, heads, groups, width } = sizes;
      const outputs = [q!, k!, v!].map(({ shape }) => runtime.output(shape));
      const bytes = lines(
        64 + 2 * blockQueries * 4 + 3 * blockBytes +
          5 * (blockQueries + keys) * rowBytes(width),
      );
      const working = runtime.scratch(runtime.threads * bytes);
      const given = [
        ...addresses(dy, q, k, v, y, logSumExp, counts, ...outputs),
        ...argumentsOf(attributes, sizes),
      ];
      runtime.split(
        "attentionGradient",
        batch * groups,
        Math.ceil(worthThread / (queries * heads / groups * keys * width)),
        (first, count, thread) => [...given, working + thread * bytes, first, count],
      );
      return outputs;
    },
  };
}
