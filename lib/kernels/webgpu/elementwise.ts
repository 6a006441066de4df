// Programs that compute tensors of one shape number by number, a vector of four a thread where their sizes allow it.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { vectorsOf } from "./norm_source.ts";
import type { Runner } from "./runner_types.ts";
import { vectorTypes } from "./row_source.ts";
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
  /** The shape of every tensor that it writes. */
  readonly shape: readonly number[];
  /** Numbers of a row, if rows matter: a vector is in one row. `uniforms.across` is the vectors of a row. */
  readonly width?: number;
  /** Further uniforms: whole numbers, and floats. */
  readonly u32?: Readonly<Record<string, number>>;
  readonly f32?: Readonly<Record<string, number>>;
  /** Functions that the statements call. */
  readonly functions?: string;
  /** Statements before all else, for what every thread reads from the same place: there a CPU reads it once. */
  readonly before?: string;
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
  const { key, inputs, outputs, shape, functions = "", before = "", body } = program;
  const { u32 = {}, f32 = {} } = program;
  const size = tf.util.sizeFromShape([...shape]);
  const width = program.width ?? size;
  const { type, count: across } = vectorsOf(width);
  const vectors = type === "f32" ? size : size / 4;
  return runner.run({
    key: `${key}${type === "f32" ? " loose" : ""}`,
    wgsl: () => `
${vectorTypes(width)}${
      declare({
        inputs: Object.fromEntries(Object.entries(inputs).map(([name, [, type]]) => [name, type])),
        outputs: Object.fromEntries(outputs.map((name) => [name, "Vector"])),
        uniforms: { u32: ["vectors", "across", ...Object.keys(u32)], f32: Object.keys(f32) },
      })
    }${groupIndex}${functions}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(id, count) * ${threads}u + thread;
  ${before}
  if (at >= uniforms.vectors) { return; }
  ${body}
}`,
    inputs: Object.values(inputs).map(([tensor]) => tensor),
    outputs: outputs.map(() => ({ shape })),
    uniforms: { u32: [vectors, across, ...Object.values(u32)], f32: Object.values(f32) },
    groups: Math.ceil(vectors / threads),
  });
}
