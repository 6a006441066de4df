// The second step of a sum in two steps: rows of partial sums become one.

import type { TensorInfo } from "../contract.ts";
import type { Runner } from "./runner.ts";
import { vectorsOf } from "./norm_source.ts";
import { declare } from "./wgsl.ts";

const threads = 8;

/**
 * Adds the rows of one or two tensors of partial sums, and frees them.
 *
 * @param runner The runner.
 * @param parts Tensors [P, D], equal in shape.
 * @returns Their sums [D].
 */
export function addPartialSums(runner: Runner, parts: readonly TensorInfo[]): TensorInfo[] {
  const [count, width] = parts[0]!.shape as [number, number];
  const vectors = vectorsOf(width);
  const names = parts.map((_, at) => `${"ab"[at]}`);
  const sums = runner.run({
    key: `sum of ${parts.length} partial sums, ${width}`,
    wgsl: () =>
      `${
        declare({
          inputs: Object.fromEntries(names.map((name) => [name, vectors.type])),
          outputs: Object.fromEntries(names.map((name) => [`sum_${name}`, vectors.type])),
          uniforms: { u32: ["count"] },
        })
      }
@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x;
  if (at >= ${vectors.count}u) { return; }
${
        names.map((name) => `
  var total_${name} = ${vectors.type}();
  for (var part = 0u; part < uniforms.count; part++) {
    total_${name} += ${name}[part * ${vectors.count}u + at];
  }
  sum_${name}[at] = total_${name};`).join("")
      }
}`,
    inputs: parts,
    outputs: parts.map(() => ({ shape: [width] })),
    uniforms: { u32: [count] },
    groups: Math.ceil(vectors.count / threads),
  });
  runner.free(...parts);
  return sums;
}
