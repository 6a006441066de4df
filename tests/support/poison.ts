// Freed memory full of NaN, where the next tensors will lie: a kernel that leaves an element of its output unwritten shows it.

import * as tf from "@tensorflow/tfjs";
import type { BackendName } from "../../lib/backend/mod.ts";
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
  readonly wasm: {
    readonly asm: { readonly memory: WebAssembly.Memory };
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
}

const webGpu = (): WebGpuBackend => tf.backend() as unknown as WebGpuBackend;
const wasm = (): WasmBackend => tf.backend() as unknown as WasmBackend;

/** The memory of a tensor: an address on WASM, a buffer on WebGPU. The CPU's tensors have none of that kind. */
export function placeOf(backend: BackendName, { dataId }: Tensor): unknown {
  return backend === "wasm"
    ? wasm().dataIdMap.get(dataId).memoryOffset
    : webGpu().tensorMap.get(dataId).resource;
}

/** Takes memory as tfjs does for tensors, fills it and frees it; a small tensor behind each keeps free places apart. */
function poisonMemory(sizes: readonly number[]): readonly unknown[] {
  const { wasm: module } = wasm();
  const addresses = sizes.map((size) => {
    const address = module._malloc(4 * size) >>> 0;
    tf.scalar(0);
    return address;
  });
  addresses.forEach((address, at) =>
    new Float32Array(module.asm.memory.buffer, address, sizes[at]!).fill(NaN)
  );
  addresses.forEach((address) => module._free(address));
  return addresses;
}

/** Fills buffers of the GPU and gives them back; those in commands that wait would not be given back. */
function poisonBuffers(sizes: readonly number[]): readonly unknown[] {
  const made = sizes.map((size) => tf.fill([size], NaN));
  const buffers = made.map(({ dataId }) => webGpu().tensorMap.get(dataId).resource);
  webGpu().endComputePassEncoder();
  webGpu().submitQueue();
  tf.dispose(made);
  return buffers;
}

/**
 * Leaves NaN in the memory where the next tensors will lie. Call it in a `tf.tidy`.
 *
 * @param backend The backend in use; the CPU's has nothing that is used twice.
 * @param inputs What a kernel will read; it is moved to the device first, so that it takes none of that memory.
 * @param shapes The shapes of the kernel's outputs; there is room for two of each, since a kernel may take working memory.
 * @returns The places.
 */
export function poison(
  backend: BackendName,
  inputs: readonly Tensor[],
  shapes: readonly (readonly number[])[],
): ReadonlySet<unknown> {
  const sizes = [...shapes, ...shapes].map((shape) => shape.reduce((size, n) => size * n, 1));
  if (backend === "wasm") return new Set(poisonMemory(sizes));
  if (backend === "cpu") return new Set();
  inputs.forEach(({ dataId }) => webGpu().uploadToGPU(dataId));
  return new Set(poisonBuffers(sizes));
}
