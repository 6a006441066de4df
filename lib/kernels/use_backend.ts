// The choice of a backend together with the kernels that run on it.

import { type BackendChoice, type BackendName, openBackend } from "../backend/backend.ts";
import { requireInteger, requireOneOf } from "../core/check.ts";
import { restoreEngine } from "../backend/engine.ts";
import { requireOptions } from "../core/options.ts";
import { Queue } from "../core/queue.ts";
import { platform } from "../platform/mod.ts";
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
 * asked for by name. Call it once before the first tensor is made. Tensors made before are moved when an operation needs them;
 * what WebGPU has computed must be read first (`await tensor.data()`), or the operation throws a TypeError. Calling it again with
 * other `kernels` switches them; gradients of tensors made before may then fail.
 *
 * Calls are served in turn: each answer is true when it comes, and the last call's backend stays. A backend that fails leaves
 * the one that was in use.
 *
 * @param name The backend, or `"auto"`.
 * @param options Whether operations run fused or composed, and threads.
 * @returns What was chosen and why, and which kernels run.
 * @throws {RangeError} If the name or the kind of kernels is unknown, or the number of threads is out of range.
 * @throws {BackendUnavailableError} If a backend asked for by name is absent, fails its self-test, or its kernels do not load.
 */
export function useBackend(
  name: "auto" | BackendName = "auto",
  options: BackendOptions = {},
): Promise<BackendInUse> {
  // the queue's own promise: whoever awaits it goes on before the next call is served
  return calls.run(() => choose(name, options));
}

const calls = new Queue();

async function choose(
  name: "auto" | BackendName,
  options: BackendOptions,
): Promise<BackendInUse> {
  requireOptions("useBackend()", options, { kernels: "string?", threads: "number?" });
  const kernels = requireOneOf("kernels", options.kernels ?? "fused", ["fused", "composed"]);
  const given = options.threads ?? Math.min(most, platform.processors());
  const threads = requireInteger("threads", given, { min: 1, max: 64 });
  restoreEngine();
  let report: KernelReport | undefined;
  const choice = await openBackend(name, async (found) => {
    if (kernels === "composed") removeKernels(found);
    else report = await installKernels(found, threads);
  });
  return { ...choice, ...(report === undefined ? {} : { kernels: report }) };
}
