// The second step of a sum in two steps: rows of partial sums become one.

import type { TensorInfo } from "../contract.ts";
import { vectorsOf } from "./norm_source.ts";
import type { Runner } from "./runner_types.ts";
import { declare } from "./wgsl.ts";

const threads = 8;

/** Rows that one thread adds. More become several sums, which are added in turn: less rounding, and work for more threads. */
const blockLength = 64;

/** Adds blocks of rows of one or two tensors, and frees them. */
function addBlocks(runner: Runner, parts: readonly TensorInfo[]): TensorInfo[] {
  const [count, width] = parts[0]!.shape as [number, number];
  const { type, count: vectors } = vectorsOf(width);
  const blocks = Math.max(1, Math.ceil(count / blockLength));
  const names = ["a", "b"].slice(0, parts.length);
  const declarations = (prefix: string): Record<string, string> =>
    Object.fromEntries(names.map((name) => [`${prefix}${name}`, type]));
  const each = (statement: (name: string) => string): string => names.map(statement).join("\n");
  const sums = runner.run({
    key: `sum of ${parts.length} partial sums, ${type}`,
    wgsl: () =>
      declare({
        inputs: declarations("part_"),
        outputs: declarations("sum_"),
        uniforms: { u32: ["count", "vectors"] },
      }) + `
@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= uniforms.vectors) { return; }
${each((name) => `  var total_${name} = ${type}();`)}
  let first = id.y * ${blockLength}u;
  for (var part = first; part < min(first + ${blockLength}u, uniforms.count); part++) {
    let at = part * uniforms.vectors + id.x;
${each((name) => `    total_${name} += part_${name}[at];`)}
  }
  let to = id.y * uniforms.vectors + id.x;
${each((name) => `  sum_${name}[to] = total_${name};`)}
}`,
    inputs: parts,
    outputs: parts.map(() => ({ shape: [blocks, width] })),
    uniforms: { u32: [count, vectors] },
    groups: [Math.ceil(vectors / threads), blocks, 1],
  });
  runner.free(...parts);
  return sums;
}

/**
 * Adds the rows of one or two tensors of partial sums, and frees them.
 *
 * @param runner The runner.
 * @param parts Tensors [P, D], equal in shape; P may be 0.
 * @returns Their sums [D].
 */
export function addPartialSums(runner: Runner, parts: readonly TensorInfo[]): TensorInfo[] {
  const sums = addBlocks(runner, parts);
  const [count, width] = sums[0]!.shape as [number, number];
  return count > 1
    ? addPartialSums(runner, sums)
    : sums.map(({ dataId, dtype }) => ({ dataId, dtype, shape: [width] }));
}
