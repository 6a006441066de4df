// The choice of a backend together with the kernels that run on it.

import { type BackendChoice, type BackendName, openBackend } from "../core/backend.ts";
import { requireOneOf } from "../core/check.ts";
import { installKernels, type KernelReport, removeKernels } from "./install.ts";

/** How operations run. */
export interface BackendOptions {
  /**
   * `fused` (the default): one kernel of ours for a norm, an activation, an optimizer's step, and faster products on WASM.
   * `composed`: tfjs's own kernels only, for comparison.
   */
  readonly kernels?: "fused" | "composed";
  /** Threads of the WASM kernels; one for each core by default. A kernel uses fewer where that is faster. */
  readonly threads?: number;
}

/** A backend with the kernels that run on it. */
export interface BackendInUse extends BackendChoice {
  /** The kernels; absent when everything is composed. */
  readonly kernels?: KernelReport;
}

/** More threads than this have not been seen to help. */
const most = 8;

/**
 * Chooses the tfjs backend and makes it ready.
 *
 * `"auto"` takes WebGPU on a hardware adapter, else WASM, else CPU. A software adapter is used only when `"webgpu"` is
 * asked for by name. Call it once before the first tensor is made; tensors stay on the backend that made them. Calling it
 * again with other `kernels` switches them; gradients of tensors made before may then fail.
 *
 * @param name The backend, or `"auto"`.
 * @param options Whether operations run fused or composed, and threads.
 * @returns What was chosen and why, and which kernels run.
 * @throws {RangeError} If the name or the kind of kernels is unknown, or the number of threads is out of range.
 * @throws {BackendUnavailableError} If a backend asked for by name is absent or fails its self-test.
 */
export async function useBackend(
  name: "auto" | BackendName = "auto",
  options: BackendOptions = {},
): Promise<BackendInUse> {
  const kernels = requireOneOf("kernels", options.kernels ?? "fused", ["fused", "composed"]);
  const choice = await openBackend(name);
  if (kernels === "composed") {
    removeKernels(choice.name);
    return choice;
  }
  const threads = options.threads ?? Math.min(most, navigator.hardwareConcurrency);
  return { ...choice, kernels: await installKernels(choice.name, threads) };
}
