// The choice of the tfjs backend. WebGPU runs on a device of our own, so that its errors become exceptions; the packages are
// loaded when they are asked for, and nothing is registered before.

import * as tf from "@tensorflow/tfjs";
import { requireOneOf } from "../core/check.ts";
import { platform } from "../platform/mod.ts";
import { dirname } from "../platform/path.ts";
import { isOpen } from "./engine.ts";
import { loadWasm, mendWasm, wasmAddress } from "./tfjs_wasm.ts";
import { isGpuLost, openWebGpu } from "./webgpu.ts";

/** The tfjs backends that normkit knows. */
export type BackendName = "webgpu" | "wasm" | "cpu";

/** What was chosen. */
export interface BackendChoice {
  /** The backend that is now in use. */
  readonly name: BackendName;
  /** Why it was chosen, in a sentence. */
  readonly reason: string;
  /** The WebGPU adapter, where there is one. */
  readonly adapter?: string;
  /** Whether that adapter is software (llvmpipe, SwiftShader). */
  readonly software: boolean;
}

/**
 * A backend was asked for that this machine does not have; the message says how to get it.
 *
 * Cause: no adapter answered, the backend failed its test, or its files could not be read.
 * Remedy: do what the message says, or call `useBackend()` without a name, which takes what there is.
 */
export class BackendUnavailableError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "BackendUnavailableError";
  /** The backend that was asked for. */
  readonly backend: BackendName;

  /**
   * Says what is missing and what to do.
   *
   * @param backend The backend that was asked for.
   * @param why What is missing.
   * @param remedy What to do.
   */
  constructor(backend: BackendName, why: string, remedy: string) {
    super(`Cannot use the ${backend} backend: ${why.replace(/\.$/, "")}. ${remedy}`);
    this.backend = backend;
  }
}

const driverRemedy =
  "Update the graphics driver, install a software adapter (Mesa lavapipe: package mesa-vulkan-drivers)";

/** What to do where WebGPU does not work. */
const webGpuRemedy = (): string =>
  `${isGpuLost() ? "Start the program anew" : platform.gpuRemedy ?? driverRemedy} or use "wasm"`;

/** What to do where no adapter answered. */
async function adapterRemedy(): Promise<string> {
  const { gpuPackage } = platform;
  return gpuPackage === undefined || await platform.gpu() !== undefined
    ? webGpuRemedy()
    : `Install the npm package "${gpuPackage}" or use "wasm"`;
}

async function activate(name: BackendName): Promise<void> {
  tf.env().set("PROD", true); // silences the banner of the CPU backend
  if (!await tf.setBackend(name)) throw new Error("its initialization failed");
  await selfTest();
}

/** One product and one reduction against known numbers: a backend that answers with zeros is not usable. */
async function selfTest(): Promise<void> {
  const result = tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    return tf.sum(tf.matMul(x, x), 0);
  });
  const found = await result.data();
  result.dispose();
  if (found[0] !== 22 || found[1] !== 32) {
    throw new Error(`a self-test gave [${found.join(", ")}] instead of [22, 32]`);
  }
}

/** What is still to be done before a backend is ready; where it throws, the backend is not to be used. */
export type Complete = (name: BackendName) => Promise<void>;

async function useWebGpu(
  acceptSoftware: boolean,
  complete: Complete,
): Promise<BackendChoice | undefined> {
  const gpu = await openWebGpu(acceptSoftware);
  if (gpu === undefined) return undefined;
  await activate("webgpu");
  await complete("webgpu");
  const reason = acceptSoftware ? "asked for by name" : "a hardware WebGPU adapter is present";
  return { name: "webgpu", reason, ...gpu };
}

/** tfjs's binary; where the runtime may not read it, the error says what is to be allowed. */
async function readWasmBinary(): Promise<Uint8Array<ArrayBuffer>> {
  const address = import.meta.resolve(
    "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
  );
  try {
    return await platform.readResource(address);
  } catch (error) {
    if (platform.faultOf(error) !== "not-granted") throw error;
    throw new Error(`it needs --allow-read="${dirname(platform.pathOf(address))}"`);
  }
}

async function useWasm(reason: string, complete: Complete): Promise<BackendChoice> {
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  if (!isOpen("wasm")) {
    setWasmPaths(wasmAddress, true);
    await loadWasm(await readWasmBinary(), () => activate("wasm"));
  } else {
    await activate("wasm");
  }
  mendWasm(tf.backend());
  await complete("wasm");
  return { name: "wasm", reason, software: false };
}

async function useCpu(reason: string, complete: Complete): Promise<BackendChoice> {
  await activate("cpu");
  await complete("cpu");
  return { name: "cpu", reason, software: false };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Tries the backends from fast to slow; a backend that fails says so in the next one's reason. */
async function useBest(complete: Complete): Promise<BackendChoice> {
  const failed: string[] = [];
  try {
    const choice = await useWebGpu(false, complete);
    if (choice !== undefined) return choice;
    failed.push("no hardware WebGPU adapter");
  } catch (error) {
    failed.push(`WebGPU failed (${message(error)})`);
  }
  try {
    return await useWasm(failed.join(", "), complete);
  } catch (error) {
    failed.push(`WASM failed (${message(error)})`);
  }
  return await useCpu(failed.join(", "), complete);
}

async function useNamed(name: BackendName, complete: Complete): Promise<BackendChoice> {
  try {
    if (name === "cpu") return await useCpu("asked for by name", complete);
    if (name === "wasm") return await useWasm("asked for by name", complete);
    const choice = await useWebGpu(true, complete);
    if (choice !== undefined) return choice;
  } catch (error) {
    const remedy = name === "webgpu" ? webGpuRemedy() : 'Mend that or use "cpu"';
    throw new BackendUnavailableError(name, message(error), remedy);
  }
  throw new BackendUnavailableError(name, "no WebGPU adapter answered", await adapterRemedy());
}

/**
 * Makes a tfjs backend ready, without kernels of ours; {@linkcode useBackend} in lib/kernels adds them.
 *
 * @param name The backend, or `"auto"`.
 * @param complete Does what is still to be done before the backend is ready.
 * @returns What was chosen and why; where nothing was, the backend from before stays.
 * @throws {RangeError} If the name is unknown.
 * @throws {BackendUnavailableError} If a backend asked for by name is absent, fails its self-test or is not completed.
 */
export async function openBackend(
  name: "auto" | BackendName = "auto",
  complete: Complete = () => Promise.resolve(),
): Promise<BackendChoice> {
  requireOneOf("backend", name, ["auto", "webgpu", "wasm", "cpu"]);
  const before = tf.getBackend() as BackendName | undefined;
  try {
    return name === "auto" ? await useBest(complete) : await useNamed(name, complete);
  } catch (error) {
    if (before != null) await tf.setBackend(before);
    throw error;
  }
}
