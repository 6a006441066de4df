// Registers the kernels of a backend with tfjs, and takes them away again. tfjs's own kernels that are replaced come back then.

import * as tf from "@tensorflow/tfjs";
import type { BackendName } from "../backend/backend.ts";
import type { KernelSet } from "./kernel_set.ts";

/** Which kernels a backend runs. */
export interface KernelReport {
  /** The names of the kernels that run, ours and those that replace tfjs's. */
  readonly active: readonly string[];
  /** How they run, in words. */
  readonly detail: string;
  /** The kernels that do not run, with the reason. */
  readonly absent: Partial<Readonly<Record<string, string>>>;
}

/** What each backend with kernels had before. */
const replaced = new Map<BackendName, readonly tf.KernelConfig[]>();

/** Made once for each backend: a WASM module or a GPU program is slow at first. */
const loaded = new Map<BackendName, KernelSet>();

const load: Readonly<Record<BackendName, () => Promise<KernelSet>>> = {
  cpu: async () => (await import("./cpu/mod.ts")).cpuKernels(),
  wasm: async () => (await import("./wasm/mod.ts")).wasmKernels(),
  webgpu: async () => (await import("./webgpu/mod.ts")).webGpuKernels(),
};

function replace(backendName: BackendName, kernelName: string, kernelFunc: tf.KernelFunc): void {
  if (tf.getKernel(kernelName, backendName) != null) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ kernelName, backendName, kernelFunc });
}

/** Registers a set with tfjs; its kernels get their inputs as the array that they were called with. */
function register(backend: BackendName, { kernels, replacements }: KernelSet): void {
  const originals = Object.keys(replacements).map((name) => tf.getKernel(name, backend));
  for (const [name, run] of Object.entries(kernels)) {
    const call = run as (inputs: unknown, attributes: unknown, backend: unknown) => tf.TensorInfo[];
    replace(backend, name, ({ inputs, attrs, backend }) => call(inputs, attrs ?? {}, backend));
  }
  for (const [name, run] of Object.entries(replacements)) replace(backend, name, run);
  replaced.set(backend, originals.filter((config) => config != null));
}

/**
 * Registers the kernels of the backend in use, unless they are registered already.
 *
 * @param backend The backend; it is ready.
 * @param threads How many threads they may use, from 1, where they can have several.
 * @returns Which kernels run now, and why others do not.
 */
export async function installKernels(
  backend: BackendName,
  threads: number,
): Promise<KernelReport> {
  const set = loaded.get(backend) ?? await load[backend]();
  loaded.set(backend, set);
  if (!replaced.has(backend)) register(backend, set);
  await set.setThreads?.(threads);
  return {
    active: [...Object.keys(set.kernels), ...Object.keys(set.replacements)],
    detail: set.detail,
    absent: set.absent,
  };
}

/**
 * Takes the kernels of a backend away; operations are then composed of tfjs's own.
 *
 * @param backend The backend.
 */
export function removeKernels(backend: BackendName): void {
  const originals = replaced.get(backend);
  if (originals === undefined) return;
  replaced.delete(backend);
  const { kernels, replacements } = loaded.get(backend)!;
  for (const name of Object.keys({ ...kernels, ...replacements })) {
    tf.unregisterKernel(name, backend);
  }
  for (const config of originals) tf.registerKernel(config);
}
