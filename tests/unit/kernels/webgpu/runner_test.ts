import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { GpuError, readAll } from "../../../../lib/backend/mod.ts";
import type { Tensor } from "../../../../lib/core/tensor.ts";
import type { TensorInfo } from "../../../../lib/kernels/mod.ts";
import { openRunner } from "../../../../lib/kernels/webgpu/runner.ts";
import type { Launch, Runner, WebGpuBackend } from "../../../../lib/kernels/webgpu/runner_types.ts";
import { declare, groupIndex } from "../../../../lib/kernels/webgpu/wgsl.ts";
import { backends, onBackend } from "../../../support/backends.ts";

/** Registers a test of the runner where there is WebGPU. */
function onRunner(name: string, body: (runner: Runner) => void | Promise<void>): void {
  if (!backends.includes("webgpu")) return;
  Deno.test(
    name,
    () => onBackend("webgpu", () => body(openRunner(tf.backend() as unknown as WebGpuBackend))),
  );
}

const tensorsOf = (infos: readonly TensorInfo[]): Tensor[] =>
  infos.map((info) => tf.engine().makeTensorFromTensorInfo(info));

/** y = factor · x + shift and z = x / factor, one workgroup for each `threads` numbers. */
function line(
  x: Tensor,
  { factor, shift = 0, threads = 8 }: { factor: number; shift?: number; threads?: number },
): Launch {
  return {
    key: `line ${threads}`,
    wgsl: () =>
      `${
        declare({
          inputs: { x: "f32" },
          outputs: { y: "f32", z: "f32" },
          uniforms: { u32: ["size", "shift"], f32: ["factor"] },
        })
      }${groupIndex}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(id, count) * ${threads}u + thread;
  if (at >= uniforms.size) { return; }
  y[at] = uniforms.factor * x[at] + f32(uniforms.shift);
  z[at] = x[at] / uniforms.factor;
}`,
    inputs: [x],
    outputs: [{ shape: x.shape }, { shape: x.shape }],
    uniforms: { u32: [x.size, shift], f32: [factor] },
    groups: Math.ceil(x.size / threads),
  };
}

onRunner("Runner.run() writes several outputs and takes uniforms of both types", async (runner) => {
  const x = tf.tensor1d([1, 2, 3]);
  const first = tensorsOf(runner.run(line(x, { factor: 2, shift: 7 })));
  const second = tensorsOf(runner.run(line(x, { factor: 0.5, shift: 1 })));
  const values = await readAll([...first, ...second]);
  assertEquals(values.map((each) => Array.from(each)), [
    [9, 11, 13],
    [0.5, 1, 1.5],
    [1.5, 2, 2.5],
    [2, 4, 6],
  ]);
  tf.dispose([x, first, second]);
});

onRunner("Runner.run() asks for the source of a key once", (runner) => {
  const x = tf.ones([4]);
  let asked = 0;
  for (let i = 0; i < 5; i++) {
    const launch = line(x, { factor: i + 1 });
    runner.free(...runner.run({ ...launch, wgsl: () => (asked++, launch.wgsl()) }));
  }
  x.dispose();
  assertEquals(asked, 1);
});

onRunner("Runner.run() keeps its place among tfjs's kernels, over many batches", async (runner) => {
  let x: Tensor = tf.tensor1d([0, 1]);
  for (let i = 0; i < 300; i++) {
    const sum = tf.add(x, 1); // its memory is used again and again
    const [y, z] = tensorsOf(runner.run(line(sum, { factor: 0.5 })));
    tf.dispose([x, sum, z!]);
    x = y!;
  }
  assertEquals(Array.from((await readAll([x]))[0]!), [1, 1]); // x ← (x + 1) / 2
  x.dispose();
});

onRunner(
  "Runner.run() reads views of one buffer, and tensors that are still on the host",
  async (runner) => {
    const x = tf.tensor1d([1, 2, 3, 4]);
    const view = tf.reshape(x, [2, 2]);
    const [sum] = tensorsOf(runner.run({
      key: "sum of two",
      wgsl: () =>
        `${declare({ inputs: { a: "vec4f", b: "vec4f" }, outputs: { y: "vec4f" } })}
@compute @workgroup_size(1) fn main() { y[0] = a[0] + b[0]; }`,
      inputs: [x, view],
      outputs: [{ shape: view.shape }],
      groups: 1,
    }));
    const values = await readAll([sum!, x]);
    assertEquals(values.map((each) => Array.from(each)), [[2, 4, 6, 8], [1, 2, 3, 4]]);
    tf.dispose([x, view, sum!]);
  },
);

onRunner("Runner.run() goes past 65535 workgroups", async (runner) => {
  const x = tf.fill([65536 * 2 + 3], 3);
  const [y, z] = tensorsOf(runner.run(line(x, { factor: 2, threads: 1 })));
  const [values] = await readAll([y!]);
  assert(values!.every((value) => value === 6));
  tf.dispose([x, y!, z!]);
});

onRunner("Runner.run() of tensors without elements", async (runner) => {
  const x = tf.zeros([0, 4]);
  const outputs = tensorsOf(runner.run(line(x, { factor: 2 })));
  const values = await readAll(outputs);
  assertEquals(values.map(({ length }) => length), [0, 0]);
  tf.dispose([x, outputs]);
});

onRunner("Runner.run() is seen by tf.time under its key", async (runner) => {
  const { supportTimestampQuery } = tf.backend() as unknown as WebGpuBackend;
  const x = tf.ones([64]);
  const time = await tf.time(() => runner.free(...runner.run(line(x, { factor: 2 }))));
  const { kernelMs, getExtraProfileInfo } = time as unknown as {
    kernelMs: number;
    getExtraProfileInfo(): string;
  };
  assertStringIncludes(getExtraProfileInfo(), "line 8: ");
  if (supportTimestampQuery) assert(kernelMs > 0, `${kernelMs} ms`);
  x.dispose();
});

onRunner("Runner.free() returns the memory", async (runner) => {
  /** Bytes in use once everything is done. */
  const bytes = async (): Promise<number> => {
    const end = tf.tidy(() => tf.add(tf.ones([1]), 1));
    await end.data();
    end.dispose();
    return (tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU;
  };
  const x = tf.tidy(() => tf.add(tf.ones([1000]), 1));
  const before = await bytes();
  for (let i = 0; i < 200; i++) runner.free(...runner.run(line(x, { factor: i + 1 })));
  assertEquals(await bytes(), before);
  x.dispose();
});

onRunner("Runner.run() refuses a tensor that is larger than a binding", (runner) => {
  const { maxStorageBufferBindingSize } = runner.device.limits;
  const x = tf.ones([4]);
  const shape = [maxStorageBufferBindingSize / 4 + 1];
  assertThrows(
    () => runner.run({ ...line(x, { factor: 2 }), outputs: [{ shape }, { shape: [4] }] }),
    RangeError,
    `Cannot run line 8 on a tensor of ${maxStorageBufferBindingSize + 4} bytes: ` +
      `this GPU takes at most ${maxStorageBufferBindingSize}`,
  );
  x.dispose();
});

onRunner("Runner.run() refuses too many workgroups", (runner) => {
  const limit = runner.device.limits.maxComputeWorkgroupsPerDimension;
  const x = tf.ones([4]);
  assertThrows(
    () => runner.run({ ...line(x, { factor: 2 }), groups: [1, limit + 1, 1] }),
    RangeError,
    `Cannot run line 8 in [1, ${limit + 1}, 1] workgroups: this GPU takes at most ${limit}`,
  );
  x.dispose();
});

onRunner(
  "a source that does not compile is a GpuError at the next read, and at no later one",
  async (runner) => {
    const x = tf.ones([4]);
    const launch = {
      ...line(x, { factor: 2 }),
      key: "wrong",
      wgsl: () => "fn main() { nonsense }",
    };
    const outputs = tensorsOf(runner.run(launch));
    await assertRejects(() => outputs[0]!.data(), GpuError, "wrong");
    // x went to the GPU with the commands that are lost
    const next = tf.tidy(() => tf.add(tf.ones([4]), 1));
    assertEquals(Array.from(await next.data()), [2, 2, 2, 2]);
    tf.dispose([x, outputs, next]);
  },
);
