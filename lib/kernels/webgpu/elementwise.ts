// Programs that compute tensors of one shape number by number, a vector of four a thread where their sizes allow it.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { rowVectors } from "./row_source.ts";
import type { Runner, Uniforms } from "./runner.ts";
import { declare, groupIndex } from "./wgsl.ts";

/** A tensor with the WGSL type of its elements; `Vector` is what a thread computes at once. */
export type Bound = readonly [tensor: TensorInfo, type: "Vector" | "f32" | "i32"];

/** One run of such a program. */
export interface Elementwise {
  /** Names the program with everything that its source holds. */
  readonly key: string;
  /** The tensors it reads, by name. */
  readonly inputs: Readonly<Record<string, Bound>>;
  /** The names of the tensors it writes. */
  readonly outputs: readonly string[];
  /** Their shape. */
  readonly shape: readonly number[];
  /** Numbers that lie next to each other and mean the same; their count decides whether four go together. All by default. */
  readonly width?: number;
  /** The names of the uniforms, and their values. */
  readonly uniforms?: {
    readonly names: { u32?: string[]; f32?: string[] };
    readonly values: Uniforms;
  };
  /** Functions that the body calls. */
  readonly functions?: string;
  /** Statements that write element `at` of every output. */
  readonly body: string;
}

const threads = 64;

/**
 * Runs such a program.
 *
 * @param runner The runner.
 * @param program The program.
 * @returns Its outputs.
 */
export function runElementwise(runner: Runner, program: Elementwise): TensorInfo[] {
  const { key, inputs, outputs, shape, uniforms, functions = "", body } = program;
  const size = tf.util.sizeFromShape([...shape]);
  const packed = (program.width ?? size) % 4 === 0;
  const vectors = packed ? size / 4 : size;
  const bound = Object.values(inputs);
  return runner.run({
    key: `${key}${packed ? "" : " loose"}`,
    wgsl: () => `
${rowVectors(packed ? 4 : 1)}${
      declare({
        inputs: Object.fromEntries(Object.entries(inputs).map(([name, [, type]]) => [name, type])),
        outputs: Object.fromEntries(outputs.map((name) => [name, "Vector"])),
        uniforms: {
          u32: ["vectors", ...uniforms?.names.u32 ?? []],
          f32: uniforms?.names.f32 ?? [],
        },
      })
    }${groupIndex}${functions}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(id, count) * ${threads}u + thread;
  if (at >= uniforms.vectors) { return; }
  ${body}
}`,
    inputs: bound.map(([tensor]) => tensor),
    outputs: outputs.map(() => ({ shape })),
    uniforms: { ...uniforms?.values, u32: [vectors, ...uniforms?.values.u32 ?? []] },
    groups: Math.ceil(vectors / threads),
  });
}
