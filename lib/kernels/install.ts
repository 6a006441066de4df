// Registers the kernels of a backend with tfjs, and takes them away again. tfjs's own kernels that are replaced come back then.

import * as tf from "@tensorflow/tfjs";
import type { BackendName } from "../core/backend.ts";
import type { KernelName, Kernels } from "./contract.ts";

/** What a backend's folder gives. */
export interface KernelSet {
  /** Our kernels; one that this machine cannot run is left out. */
  readonly kernels: Partial<Kernels<never>>;
  /** tfjs's own kernels by name, with what runs instead. */
  readonly replacements: Readonly<Record<string, tf.KernelFunc>>;
  /** How they run, in words: "relaxed SIMD, 2 threads". */
  readonly detail: string;
  /** Why each absent kernel is absent. */
  readonly absent: Partial<Readonly<Record<KernelName, string>>>;
}

/** Which kernels a backend runs. */
export interface KernelReport {
  /** The names of the kernels that run, ours and those that replace tfjs's. */
  readonly active: readonly string[];
  /** How they run, in words. */
  readonly detail: string;
  /** The kernels that do not run, with the reason. */
  readonly absent: Partial<Readonly<Record<string, string>>>;
}

interface Installed {
  readonly report: KernelReport;
  readonly originals: readonly tf.KernelConfig[];
}

const installed = new Map<BackendName, Installed>();

const load: Readonly<Record<BackendName, () => Promise<KernelSet>>> = {
  cpu: async () => (await import("./cpu/mod.ts")).cpuKernels(),
  wasm: async () => (await import("./wasm/mod.ts")).wasmKernels(),
  webgpu: async () => (await import("./webgpu/mod.ts")).webGpuKernels(),
};

function replace(backendName: BackendName, kernelName: string, kernelFunc: tf.KernelFunc): void {
  if (tf.getKernel(kernelName, backendName) != null) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ kernelName, backendName, kernelFunc });
}

/**
 * Registers the kernels of the backend in use; does nothing where they are registered already.
 *
 * @param backend The backend; it is ready.
 * @returns Which kernels run now, and why others do not.
 */
export async function installKernels(backend: BackendName): Promise<KernelReport> {
  const already = installed.get(backend);
  if (already !== undefined) return already.report;
  const { kernels, replacements, detail, absent } = await load[backend]();
  const originals = Object.keys(replacements)
    .map((name) => tf.getKernel(name, backend))
    .filter((config) => config != null);
  for (const [name, run] of Object.entries(kernels)) {
    const call = run as (inputs: unknown, attributes: unknown, backend: unknown) => tf.TensorInfo[];
    replace(
      backend,
      name,
      // tfjs hands the inputs over as it got them: an array
      ({ inputs, attrs, backend }) => call(inputs, attrs ?? {}, backend),
    );
  }
  for (const [name, run] of Object.entries(replacements)) replace(backend, name, run);
  const report = {
    active: [...Object.keys(kernels), ...Object.keys(replacements)],
    detail,
    absent,
  };
  installed.set(backend, { report, originals });
  return report;
}

/**
 * Takes the kernels of a backend away; operations are then composed of tfjs's own.
 *
 * @param backend The backend.
 */
export function removeKernels(backend: BackendName): void {
  const found = installed.get(backend);
  if (found === undefined) return;
  installed.delete(backend);
  for (const name of found.report.active) tf.unregisterKernel(name, backend);
  for (const config of found.originals) tf.registerKernel(config);
}
