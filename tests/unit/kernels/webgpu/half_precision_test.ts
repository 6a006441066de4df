// Half precision as arithmetic: no kernel of ours needs it, the doctor tells users whether their programs may have it.

import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { findWebGpu, readAll } from "../../../../lib/backend/mod.ts";
import { openRunner } from "../../../../lib/kernels/webgpu/runner.ts";
import type { WebGpuBackend } from "../../../../lib/kernels/webgpu/runner_types.ts";
import { declare } from "../../../../lib/kernels/webgpu/wgsl.ts";
import { onBackend } from "../../../support/backends.ts";
import { onGpuWith } from "../../../support/webgpu_features.ts";

const increment = `enable f16;
${declare({ inputs: { x: "f32" }, outputs: { y: "f32" } })}
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) id: vec3u) {
  y[id.x] = f32(f16(x[id.x]) + 1h);
}`;

onGpuWith(
  "shader-f16",
  "a program computes in half precision, as findWebGpu() says",
  () =>
    onBackend("webgpu", async () => {
      assertEquals((await findWebGpu())?.f16, true);
      const runner = openRunner(tf.backend() as unknown as WebGpuBackend);
      const x = tf.tensor1d([1, 2047, 4096]);
      const [info] = runner.run({
        key: "increment in halves",
        wgsl: () => increment,
        inputs: [x],
        outputs: [{ shape: [3] }],
        groups: 3,
      });
      const y = tf.engine().makeTensorFromTensorInfo(info!);
      const [[one, whole, rounded] = []] = await readAll([y]) as Float32Array[];
      tf.dispose([x, y]);
      assertEquals([one, whole], [2, 2048]);
      assert(rounded === 4096 || rounded === 4100, `${rounded}: halves have no 4097`);
    }),
);
