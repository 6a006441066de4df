// When commands are handed to the GPU: with a read, at the end of a training step, or where many have come together. tfjs would hand
// them over in small batches and keep the memory of freed tensors until then; it would hand them over again for each tensor that is read.
//
// What is used of tfjs here is private, hence its pinned version.

import * as tf from "@tensorflow/tfjs";

/** What is used of tfjs's backend object here. */
export interface CommandsOfBackend {
  readonly bufferManager: {
    acquireBuffer(size: number, usage: GPUBufferUsageFlags): GPUBuffer;
    releaseBuffer(buffer: GPUBuffer): void;
  };
  readonly commandEncoder: GPUCommandEncoder | null;
  commandQueueOwnedIds: Pick<WeakSet<object>, "add" | "has">;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  getBufferData(buffer: GPUBuffer): Promise<ArrayBuffer>;
}

/** Programs that are handed over at the latest: those of a training step of thirty layers. */
const mostPrograms = 1024;

function submit(backend: CommandsOfBackend): void {
  if (backend.commandEncoder === null) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** Hands all commands so far to the GPU; other backends have computed already. */
export function submitCommands(): void {
  if (tf.getBackend() === "webgpu") submit(tf.backend() as unknown as CommandsOfBackend);
}

/**
 * Makes a backend hand commands over as this file says.
 *
 * Commands run in their order, those of one handing over too. So the memory of a tensor that is freed is there at once for the next
 * one: whatever is recorded to write to it runs behind all that reads the old numbers.
 *
 * @param backend tfjs's WebGPU backend.
 */
export function handOverTogether(backend: CommandsOfBackend): void {
  tf.env().set("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE", mostPrograms);
  const nobody = { add: () => nobody, has: () => false } as unknown as WeakSet<object>;
  Object.defineProperty(backend, "commandQueueOwnedIds", { get: () => nobody, set: () => {} });

  /** What hands over the copies for all reads that began in this turn. */
  let together: Promise<void> | undefined;
  backend.getBufferData = async (buffer) => {
    const { size } = buffer;
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    const staging = backend.bufferManager.acquireBuffer(size, usage);
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.commandEncoder!.copyBufferToBuffer(buffer, 0, staging, 0, size);
    together ??= Promise.resolve().then(() => {
      together = undefined;
      submit(backend);
    });
    await together;
    await staging.mapAsync(GPUMapMode.READ);
    const values = staging.getMappedRange().slice(0);
    staging.unmap();
    backend.bufferManager.releaseBuffer(staging);
    return values;
  };
}
