// How threads share the elements of a tensor where every element is on its own.
//
// On a GPU neighbors take neighboring vectors; on a CPU each thread takes a run of them.

import { groupIndex } from "./wgsl.ts";

/** How threads go through a tensor. */
export interface Walk {
  /** The WGSL type of a vector. */
  readonly type: "vec4f" | "f32";
  /** Threads of a workgroup. */
  readonly threads: number;
  /** Workgroups. */
  readonly groups: number;
  /** Values of the uniforms `size`, `run`, `stride` and `step`. */
  readonly u32: readonly number[];
}

/** The names of a walk's uniforms. */
export const walkUniforms: readonly string[] = ["size", "run", "stride", "step"];

/**
 * Plans a walk.
 *
 * @param size Numbers in the tensor.
 * @param software Whether the device computes on the CPU.
 * @param most The most threads at a time.
 * @returns The walk.
 */
export function walkOf(size: number, software: boolean, most: number): Walk {
  const [type, count] = size % 4 === 0 ? ["vec4f", size / 4] as const : ["f32", size] as const;
  const threads = software ? 8 : 256;
  const least = software ? Math.min(64, Math.ceil(count / (32 * threads))) : 4;
  const run = Math.max(least, Math.ceil(count / most), 1);
  const groups = Math.ceil(count / (run * threads));
  const [stride, step] = software ? [run, 1] : [1, groups * threads];
  return { type, threads, groups, u32: [count, run, stride, step] };
}

/**
 * `main` with its loop: `body` runs for each vector `at`; `index` is the number of the thread.
 *
 * @param walk The walk.
 * @param parts What comes before, for each vector, and after.
 * @returns WGSL source.
 */
export function walkMain(
  { threads }: Walk,
  { before = "", body, after = "" }: Readonly<{ before?: string; body: string; after?: string }>,
): string {
  return `${groupIndex}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = group_index(id, count) * ${threads}u + thread;
  ${before}
  var at = index * uniforms.stride;
  for (var turn = 0u; turn < uniforms.run && at < uniforms.size; turn++) {
    ${body}
    at += uniforms.step;
  }
  ${after}
}`;
}
