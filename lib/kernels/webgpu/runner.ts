// Runs WGSL programs of ours between tfjs's own: on its device, in its command encoder, with its buffers, so that their order
// holds and `tf.profile` and memory accounting see both. Unlike tfjs's route a program may have several outputs, and its
// pipeline and its uniforms are made once.
//
// What is used of tfjs here is private, hence its pinned version.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { convertCasts } from "./casts.ts";
import { compiler, uniformBuffers } from "./runner_caches.ts";
import type { Launch, Runner, WebGpuBackend } from "./runner_types.ts";

/** The dimensions of a dispatch. */
function dimensions(
  groups: Launch["groups"],
  key: string,
  limit: number,
): [number, number, number] {
  const [x, y, z] = typeof groups === "number"
    ? [Math.min(groups, limit), Math.ceil(groups / limit), 1]
    : groups;
  if (Math.max(x, y, z) > limit) {
    throw new RangeError(
      `Cannot run ${key} in [${x}, ${y}, ${z}] workgroups: this GPU takes at most ${limit} a dimension`,
    );
  }
  return [x, y, z];
}

/** The compute pass to record into: the open one, or while tfjs measures one of its own with timestamps. */
function openPass(backend: WebGpuBackend): GPUComputePassEncoder {
  backend.ensureCommandEncoderReady();
  if (backend.activeTimers != null && backend.supportTimestampQuery) {
    backend.endComputePassEncoder();
    backend.querySet ??= backend.device.createQuerySet({
      type: "timestamp",
      count: backend.querySetCount,
    });
    backend.computePassEncoder = backend.commandEncoder!.beginComputePass({
      timestampWrites: {
        querySet: backend.querySet,
        beginningOfPassWriteIndex: 0,
        endOfPassWriteIndex: 1,
      },
    });
  }
  return backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass();
}

/** Ends what {@linkcode openPass} began, or hands a full batch to the GPU. */
function closePass(backend: WebGpuBackend, name: string): void {
  backend.dispatchCountInPass++;
  if (backend.activeTimers != null) {
    backend.endComputePassEncoder();
    backend.activeTimers.push({ name, query: backend.getQueryTime() });
  } else if (
    tf.env().getNumber("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE") <= backend.dispatchCountInPass
  ) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}

/**
 * Opens a runner on tfjs's backend.
 *
 * @param backend tfjs's WebGPU backend, ready.
 * @returns The runner; it keeps what it compiles for as long as it lives.
 * @throws {RangeError} Later, from `run`, if a tensor is larger than what the GPU binds.
 */
export function openRunner(backend: WebGpuBackend): Runner {
  const { device } = backend;
  const { maxStorageBufferBindingSize, maxComputeWorkgroupsPerDimension } = device.limits;
  const compiled = compiler(device);
  const uniformBuffer = uniformBuffers(device);
  // these stand for empty tensors, which have no buffer: one for inputs, since it may be bound twice, and one for each output
  const nothings: GPUBuffer[] = [];
  const nothing = (place: number): GPUBuffer =>
    nothings[place] ??= device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });

  const requireFit = ({ key, inputs, outputs }: Launch): void => {
    for (const { shape } of [...inputs, ...outputs]) {
      const bytes = 4 * tf.util.sizeFromShape([...shape]);
      if (bytes > maxStorageBufferBindingSize) {
        throw new RangeError(
          `Cannot run ${key} on a tensor of ${bytes} bytes: this GPU takes at most ${maxStorageBufferBindingSize}`,
        );
      }
    }
  };

  const isEmpty = ({ shape }: TensorInfo): boolean => shape.includes(0);

  const bufferOf = (tensor: TensorInfo, place = 0): GPUBuffer => {
    if (isEmpty(tensor)) return nothing(place);
    const { dataId } = tensor;
    backend.uploadToGPU(dataId);
    return backend.tensorMap.get(dataId).resource!;
  };

  const runner: Runner = {
    device,
    free: (...tensors) => {
      for (const { dataId } of tensors) backend.disposeData(dataId);
    },
    run: (launch) => {
      const groups = dimensions(launch.groups, launch.key, maxComputeWorkgroupsPerDimension);
      requireFit(launch);
      const outputs = launch.outputs.map(({ shape, dtype = "float32" }) =>
        backend.makeTensorInfo([...shape], dtype)
      );
      for (const { dataId, dtype } of outputs.filter(isEmpty)) {
        const empty = tf.util.getTypedArrayFromDType(dtype as "float32" | "int32", 0);
        backend.tensorMap.get(dataId).values = empty;
      }
      if (outputs.every(isEmpty)) return outputs;
      const buffers = [
        ...launch.inputs.map((input) => bufferOf(input)),
        ...outputs.map((output, at) => bufferOf(output, 1 + at)),
      ];
      if (launch.uniforms !== undefined) buffers.push(uniformBuffer(launch.uniforms));
      const { pipeline, layout } = compiled(launch);
      const bindGroup = device.createBindGroup({
        layout,
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
      });
      const pass = openPass(backend);
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...groups);
      closePass(backend, launch.key);
      return outputs;
    },
  };
  return convertCasts(runner, ({ dataId }) => backend.tensorMap.get(dataId).dtype);
}
