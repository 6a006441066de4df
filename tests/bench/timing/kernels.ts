// Switching between fused and composed kernels, and numbers of threads, inside one process.

import type { BackendName } from "@normkit/normkit";
import { installKernels, removeKernels } from "../../../lib/kernels/mod.ts";
import type { KernelMode } from "./contestant.ts";

/**
 * A function that registers the kernels of a mode; it does nothing where they are registered.
 *
 * @param backend The backend in use.
 * @returns The function.
 */
export function kernelSwitch(backend: BackendName): (mode: KernelMode) => Promise<void> {
  let current: KernelMode | undefined;
  return async (mode) => {
    if (mode === current) return;
    current = mode;
    if (mode === "composed") return removeKernels(backend);
    const threads = mode === "fused" ? 1 : 2;
    const { detail } = await installKernels(backend, threads);
    if (threads > 1 && !detail.includes(`${threads} threads`)) {
      current = undefined;
      throw new Error(`there is one thread only (${detail})`);
    }
  };
}

/**
 * The modes in which fused kernels of a backend can run.
 *
 * @param backend The backend.
 * @returns One thread, and on WASM two.
 */
export function fusedModes(backend: BackendName): readonly KernelMode[] {
  return backend === "wasm" ? ["fused", "fused, 2 threads"] : ["fused"];
}
