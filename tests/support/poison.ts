// Freed memory full of NaN, where the next tensors will lie: a kernel that leaves an element of its output unwritten shows it.

import * as tf from "@tensorflow/tfjs";
import type { BackendName } from "../../lib/core/mod.ts";
import type { Tensor } from "../../lib/core/tensor.ts";

/** What is used of tfjs's WebGPU backend. */
interface WebGpuBackend {
  readonly tensorMap: { get(dataId: object): { readonly resource?: object } };
  uploadToGPU(dataId: object): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** What is used of tfjs's WASM backend. */
interface WasmBackend {
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
}

const webGpu = (): WebGpuBackend => tf.backend() as unknown as WebGpuBackend;
const wasm = (): WasmBackend => tf.backend() as unknown as WasmBackend;

/** The memory of a tensor: an address or a buffer. The CPU backend has nothing that is used twice: new arrays, filled with 0. */
export function placeOf(backend: BackendName, { dataId }: Tensor): unknown {
  if (backend === "wasm") return wasm().dataIdMap.get(dataId).memoryOffset;
  return backend === "webgpu" ? webGpu().tensorMap.get(dataId).resource : dataId;
}

function submitCommands(): void {
  webGpu().endComputePassEncoder();
  webGpu().submitQueue();
}

/**
 * Makes tensors full of NaN and frees them.
 *
 * @param backend The backend in use.
 * @param inputs What a kernel will read; it is moved to the device first, so that it takes none of the freed memory.
 * @param shapes The shapes of the kernel's outputs; two tensors of each are made, since a kernel may take working memory.
 * @returns Where they were.
 */
export function poison(
  backend: BackendName,
  inputs: readonly Tensor[],
  shapes: readonly (readonly number[])[],
): Set<unknown> {
  if (backend === "webgpu") inputs.forEach(({ dataId }) => webGpu().uploadToGPU(dataId));
  const made = [...shapes, ...shapes].map((shape) => tf.fill([...shape], NaN) as Tensor);
  const places = new Set(made.map((tensor) => placeOf(backend, tensor)));
  if (backend === "webgpu") submitCommands(); // buffers in waiting commands are not given back
  tf.dispose(made);
  return places;
}
