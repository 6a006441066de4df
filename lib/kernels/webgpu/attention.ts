// Attention without its pattern in memory, with its gradient.

import { attentionSizes, reachOf } from "../seen_keys.ts";
import type { AttentionAttributes, Kernels, TensorInfo } from "../contract.ts";
import {
  type AttentionShape,
  attentionSource,
  attentionThreads,
  keyGradientSource,
  queryGradientSource,
  statisticsSource,
} from "./attention_source.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";

/** Attention and its gradient on a device. */
export function attentionKernels(
  runner: Runner,
): Pick<Kernels<WebGpuBackend>, "NormkitAttention" | "NormkitAttentionGradient"> {
  /** Runs a program with a thread for each of `total`. */
  const run = (
    name: string,
    source: (shape: AttentionShape) => string,
    { q, k }: { readonly q: TensorInfo; readonly k: TensorInfo },
    attributes: AttentionAttributes,
    program: {
      readonly inputs: readonly TensorInfo[];
      readonly outputs: readonly (readonly number[])[];
      readonly total: number;
    },
  ): TensorInfo[] => {
    const sizes = attentionSizes(q.shape, k.shape);
    const { queries, keys, heads, groups, width } = sizes;
    const { back, ahead } = reachOf(attributes, sizes);
    const shape = { width, counted: attributes.counted };
    return runner.run({
      key: `${name} ${width}${attributes.counted ? " counted" : ""}`,
      wgsl: () => source(shape),
      inputs: program.inputs,
      outputs: program.outputs.map((shape) => ({ shape })),
      uniforms: {
        u32: [program.total, queries, keys, heads, groups, back, ahead],
        f32: [attributes.scale],
      },
      groups: Math.ceil(program.total / attentionThreads),
    });
  };
  const rowsOf = ({ shape }: TensorInfo): number =>
    shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return {
    NormkitAttention: ([q, k, v, ...counts], attributes) =>
      run("NormkitAttention", attentionSource, { q: q!, k: k! }, attributes, {
        inputs: [q!, k!, v!, ...counts],
        outputs: [q!.shape, q!.shape.slice(0, -1)],
        total: rowsOf(q!),
      }),
    NormkitAttentionGradient: ([dy, q, k, v, y, logSumExp, ...counts], attributes) => {
      const of = { q: q!, k: k! };
      const [statistics] = run("statistics of attention", statisticsSource, of, attributes, {
        inputs: [dy!, y!, logSumExp!],
        outputs: [[...logSumExp!.shape, 2]],
        total: rowsOf(q!),
      });
      const inputs = [dy!, q!, k!, v!, statistics!, ...counts];
      const [dq] = run("gradient to queries", queryGradientSource, of, attributes, {
        inputs,
        outputs: [q!.shape],
        total: rowsOf(q!),
      });
      const [dk, dv] = run("gradient to keys", keyGradientSource, of, attributes, {
        inputs,
        outputs: [k!.shape, v!.shape],
        total: rowsOf(k!),
      });
      runner.free(statistics!);
      return [dq!, dk!, dv!];
    },
  };
}
