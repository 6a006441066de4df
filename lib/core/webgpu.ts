// The WebGPU device of the library: made here rather than by tfjs, whose stock device answers errors with silent zeros. An
// error or a lost device is kept and thrown at the next read.

import * as tf from "@tensorflow/tfjs";

/** The WebGPU adapter in words. */
export interface WebGpuAdapter {
  /** Its name as the driver gives it. */
  readonly adapter: string;
  /** Whether it computes on the CPU (llvmpipe, SwiftShader). */
  readonly software: boolean;
}

/** The GPU refused a command or was lost; results since then are not to be trusted. */
export class GpuError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "GpuError";
}

let failure: GpuError | undefined;
let opened: WebGpuAdapter | undefined;

/**
 * Throws the error that the GPU reported since the last call, if there was one.
 *
 * @throws {GpuError} If the device reported an error or was lost.
 */
export function throwGpuError(): void {
  const error = failure;
  failure = undefined;
  if (error !== undefined) throw error;
}

/** Runs `f` with a run-time folder set: without one, the driver's probe of displays writes to stderr. */
async function quietly<T>(f: () => Promise<T>): Promise<T> {
  const key = "XDG_RUNTIME_DIR";
  const deno = (globalThis as { Deno?: typeof Deno }).Deno;
  const granted = deno?.permissions.querySync({ name: "env", variable: key }).state === "granted";
  if (deno === undefined || !granted || deno.env.get(key) !== undefined) return await f();
  deno.env.set(key, "/tmp");
  try {
    return await f();
  } finally {
    deno.env.delete(key);
  }
}

async function requestAdapter(): Promise<GPUAdapter | null> {
  const gpu = (globalThis.navigator as { gpu?: GPU } | undefined)?.gpu;
  return gpu === undefined
    ? null
    : await quietly(() => gpu.requestAdapter({ powerPreference: "high-performance" }));
}

function describe({ info }: GPUAdapter): WebGpuAdapter {
  const name = info.description ||
    [info.vendor, info.architecture, info.device].filter(Boolean).join(" ");
  const software = info.isFallbackAdapter || /llvmpipe|swiftshader|softpipe/i.test(name);
  return { adapter: name || "unnamed adapter", software };
}

async function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const { limits, features } = adapter;
  const device = await adapter.requestDevice({
    requiredFeatures: features.has("timestamp-query") ? ["timestamp-query"] : [],
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  });
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    failure ??= new GpuError(
      `The GPU reported an error: ${(event as GPUUncapturedErrorEvent).error.message}`,
    );
  });
  device.lost.then(({ reason, message }) => {
    if (reason !== "destroyed") failure ??= new GpuError(`The GPU device was lost: ${message}`);
  });
  return device;
}

/**
 * The WebGPU adapter of this machine; nothing is opened.
 *
 * @returns The adapter, or undefined where there is none.
 */
export async function findWebGpu(): Promise<WebGpuAdapter | undefined> {
  const adapter = await requestAdapter();
  return adapter === null ? undefined : describe(adapter);
}

/**
 * Opens the WebGPU device and registers tfjs's WebGPU backend on it.
 *
 * @param acceptSoftware Whether a software adapter will do.
 * @returns The adapter, or undefined where there is none that will do.
 */
export async function openWebGpu(acceptSoftware: boolean): Promise<WebGpuAdapter | undefined> {
  if (opened !== undefined) return opened.software && !acceptSoftware ? undefined : opened;
  const adapter = await requestAdapter();
  if (adapter === null) return undefined;
  const found = describe(adapter);
  if (found.software && !acceptSoftware) return undefined;
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  const device = await openDevice(adapter);
  tf.removeBackend("webgpu"); // the one that the package registers on a device of its own
  tf.registerBackend("webgpu", () => new WebGPUBackend(device, adapter.info), 3);
  tf.env().set("WEBGPU_CPU_FORWARD", false); // small tensors too are computed where they are
  opened = found;
  return found;
}
