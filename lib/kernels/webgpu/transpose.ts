// Transposition on software adapters, without the shared memory and the barriers of tfjs's own. Axes that stay together are
// one; what is left are at most four: two are spread over workgroups, one is a loop, the last lies over the threads.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import type { Runner } from "./runner_types.ts";
import { declare } from "./wgsl.ts";

/** An axis of the output: its length, and how far apart its neighbors are in the input. */
interface Axis {
  readonly length: number;
  readonly stride: number;
}

const threads = 8;

/** The axes of the output, those that stay together in the input joined, in groups of four numbers where that is possible. */
function axesOf(
  shape: readonly number[],
  order: readonly number[],
): { axes: Axis[]; packed: boolean } {
  const strides = shape.map((_, axis) => tf.util.sizeFromShape(shape.slice(axis + 1)));
  const axes: Axis[] = [];
  for (const from of order) {
    const axis = { length: shape[from]!, stride: strides[from]! };
    const before = axes.at(-1);
    if (axis.length === 1) continue;
    if (before?.stride === axis.length * axis.stride) {
      axes[axes.length - 1] = { length: before.length * axis.length, stride: axis.stride };
    } else {
      axes.push(axis);
    }
  }
  const last = axes.at(-1);
  if (last === undefined || last.stride !== 1 || last.length % 4 !== 0) {
    return { axes, packed: false };
  }
  const vectors = axes.map((axis) =>
    axis === last ? { length: axis.length / 4, stride: 1 } : { ...axis, stride: axis.stride / 4 }
  );
  return { axes: vectors, packed: true };
}

const source = (packed: boolean): string =>
  `${
    declare({
      inputs: { x: packed ? "vec4u" : "u32" },
      outputs: { y: packed ? "vec4u" : "u32" },
      uniforms: {
        u32: ["length1", "length2", "length3", "stride0", "stride1", "stride2", "stride3"],
      },
    })
  }
@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= uniforms.length3) { return; }
  var read_at = id.z * uniforms.stride0 + id.y * uniforms.stride1 + id.x * uniforms.stride3;
  var write_at = (id.z * uniforms.length1 + id.y) * uniforms.length2 * uniforms.length3 + id.x;
  for (var at = 0u; at < uniforms.length2; at++) {
    y[write_at] = x[read_at];
    read_at += uniforms.stride2;
    write_at += uniforms.length3;
  }
}`;

/**
 * tfjs's transposition, with what runs instead; what ours does not do goes to tfjs's own.
 *
 * @param runner The runner.
 * @returns The replacement by name.
 */
export function transposeReplacement(runner: Runner): Record<string, tf.KernelFunc> {
  const { kernelFunc: original } = tf.getKernel("Transpose", "webgpu");
  const { maxComputeWorkgroupsPerDimension: most } = runner.device.limits;
  return {
    Transpose: (call) => {
      const { x } = call.inputs as unknown as { x: TensorInfo };
      const { perm } = call.attrs as unknown as { perm: number[] };
      const { axes, packed } = axesOf(x.shape, perm);
      const [outer, middle, loop, inner] = [
        ...Array<Axis>(Math.max(0, 4 - axes.length)).fill({ length: 1, stride: 0 }),
        ...axes,
      ] as [Axis, Axis, Axis, Axis];
      const fits = axes.length <= 4 && Math.max(outer.length, middle.length) <= most;
      if (!fits || !["float32", "int32", "bool"].includes(x.dtype) || x.shape.includes(0)) {
        return original(call);
      }
      return runner.run({
        key: `Transpose${packed ? "" : " loose"}`,
        wgsl: () => source(packed),
        inputs: [x],
        outputs: [{ shape: perm.map((axis) => x.shape[axis]!), dtype: x.dtype }],
        uniforms: {
          u32: [
            ...[middle, loop, inner].map(({ length }) => length),
            ...[outer, middle, loop, inner].map(({ stride }) => stride),
          ],
        },
        groups: [Math.ceil(inner.length / threads), middle.length, outer.length],
      })[0]!;
    },
  };
}
