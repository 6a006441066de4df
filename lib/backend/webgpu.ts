// The WebGPU device of the library: made here rather than by tfjs, whose stock device answers errors with silent zeros. An
// error or a lost device is kept and thrown at the next read; after a loss every read of what is on it throws.

import * as tf from "@tensorflow/tfjs";
import { platform } from "../platform/mod.ts";
import { type CommandsOfBackend, handOverTogether } from "./webgpu_commands.ts";

/** The WebGPU adapter in words. */
export interface WebGpuAdapter {
  /** Its name as the driver gives it. */
  readonly adapter: string;
  /** Whether it computes on the CPU (llvmpipe, SwiftShader). */
  readonly software: boolean;
  /** Whether programs may compute in half precision (the feature `shader-f16`). */
  readonly f16: boolean;
  /** What a program may use at most. */
  readonly limits: WebGpuLimits;
}

/** Limits of a WebGPU adapter. */
export interface WebGpuLimits {
  /** The most bytes that one tensor may have. */
  readonly tensorBytes: number;
  /** Bytes that a workgroup shares. */
  readonly workgroupBytes: number;
  /** The most threads that one workgroup may have. */
  readonly workgroupThreads: number;
}

/**
 * The GPU refused a command or was lost; results since then are not to be trusted.
 *
 * Cause: a tensor larger than the device takes, a full memory, or a driver that reset the device, as after sleep.
 * Remedy: take smaller tensors; after a loss start the program anew from its last checkpoint, or go on with `useBackend("wasm")`.
 */
export class GpuError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "GpuError";
}

let failure: GpuError | undefined;
let loss: GpuError | undefined;
let opened: WebGpuAdapter | undefined;

/** Throws what the device reported since the last call, and once it is lost, always. */
function throwDeviceError(): void {
  const error = loss ?? failure;
  failure = undefined;
  if (error !== undefined) throw error;
}

/**
 * Throws the error that the GPU reported since the last call, if there was one; once the device is lost, always, as long as the
 * backend in use is WebGPU.
 *
 * @throws {GpuError} If the device reported an error or was lost.
 */
export function throwGpuError(): void {
  if (loss === undefined || tf.getBackend() === "webgpu") throwDeviceError();
}

/** @returns Whether the device was lost; this program opens no other. */
export const isGpuLost = (): boolean => loss !== undefined;

/** Runs `f` with a run-time folder set: without one, the driver's probe of displays writes to stderr. */
const quietly = <T>(f: () => Promise<T>): Promise<T> =>
  platform.withEnvironment("XDG_RUNTIME_DIR", "/tmp", f);

async function requestAdapter(): Promise<GPUAdapter | null> {
  const gpu = await platform.gpu();
  return gpu === undefined
    ? null
    : await quietly(() => gpu.requestAdapter({ powerPreference: "high-performance" }));
}

function nameOf({ description, vendor, architecture, device }: GPUAdapterInfo): string {
  return description || [vendor, architecture, device].filter(Boolean).join(" ");
}

/**
 * Whether an adapter computes on the CPU.
 *
 * @param info What the adapter says of itself.
 * @returns True for llvmpipe, SwiftShader and their like.
 */
export function isSoftwareAdapter(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || /llvmpipe|swiftshader|softpipe/i.test(nameOf(info));
}

function describe({ info, features, limits }: GPUAdapter): WebGpuAdapter {
  const name = nameOf(info);
  const software = isSoftwareAdapter(info);
  return {
    adapter: name || "unnamed adapter",
    software,
    f16: features.has("shader-f16"),
    limits: {
      tensorBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
      workgroupBytes: limits.maxComputeWorkgroupStorageSize,
      workgroupThreads: limits.maxComputeInvocationsPerWorkgroup,
    },
  };
}

/** The device with these features, or undefined where the adapter refuses one. */
async function requestDevice(
  adapter: GPUAdapter,
  features: readonly GPUFeatureName[],
): Promise<GPUDevice | undefined> {
  const { limits } = adapter;
  const request = adapter.requestDevice({
    requiredFeatures: [...features],
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
  return await request.catch((error) => {
    if (error instanceof TypeError) return undefined; // a feature that the adapter does not have
    throw error;
  });
}

async function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const listed = (["timestamp-query", "shader-f16"] as const).filter((name) =>
    adapter.features.has(name)
  );
  // an engine may have subgroups without listing them, so they are asked for in any case
  const device = await requestDevice(adapter, [...listed, "subgroups" as GPUFeatureName]) ??
    await requestDevice(adapter, listed);
  if (device === undefined) throw new GpuError("The GPU refused a device with its own features");
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    const { message } = (event as GPUUncapturedErrorEvent).error;
    // Dawn reports besides each command that has to do with what failed
    if (!message.includes("is invalid due to a previous error")) {
      failure ??= new GpuError(`The GPU reported an error: ${message}`);
    }
  });
  // Deno 2.5 does not have `lost`
  device.lost?.then(({ reason, message }) => {
    loss = new GpuError(`The GPU device was lost (${reason}): ${message}`);
  });
  return device;
}

/** What is used of tfjs's backend object here. */
interface DataOfBackend {
  readonly tensorMap: {
    get(dataId: object): { readonly values?: tf.backend_util.BackendValues | null; dtype: string };
  };
  read(dataId: object): Promise<tf.backend_util.BackendValues>;
  readSync(dataId: object): tf.backend_util.BackendValues;
  uploadToGPU(dataId: object): void;
}

/** Throws what the GPU reported, or else what its refusal of this action says. */
function throwAsGpuError(action: string, error: unknown): never {
  throwDeviceError();
  throw new GpuError(`The GPU refused ${action}: ${error}`, { cause: error });
}

/**
 * Makes every read of the backend, `tensor.data()` too, throw what the GPU reported, and every upload, once it is lost. Reads at
 * once, which the GPU does not have, are refused by name: another backend asks for one when it gets a tensor of this one.
 */
function throwWithData(backend: DataOfBackend): void {
  const read = backend.read.bind(backend);
  const upload = backend.uploadToGPU.bind(backend);
  backend.read = async (dataId) => {
    const values = await read(dataId).catch((error) => throwAsGpuError("a read", error));
    throwDeviceError();
    return values;
  };
  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    const { values, dtype } = backend.tensorMap.get(dataId);
    if (values == null && dtype !== "string") {
      throw new TypeError(
        "Cannot read a tensor at once that is on the webgpu backend: read it with `await tensor.data()`; " +
          "then other backends can use it as well",
      );
    }
    return readSync(dataId);
  };
  backend.uploadToGPU = (dataId) => {
    try {
      upload(dataId);
    } catch (error) {
      throwAsGpuError("an upload", error);
    }
  };
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
 * @throws {GpuError} If the device was opened before and lost.
 */
export async function openWebGpu(acceptSoftware: boolean): Promise<WebGpuAdapter | undefined> {
  if (loss !== undefined) throw loss;
  if (opened !== undefined) return opened.software && !acceptSoftware ? undefined : opened;
  const adapter = await requestAdapter();
  if (adapter === null) return undefined;
  const found = describe(adapter);
  if (found.software && !acceptSoftware) return undefined;
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  const device = await openDevice(adapter);
  // where the package finds a navigator.gpu, it registers a backend on a device of its own
  if (tf.findBackendFactory("webgpu") != null) tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => {
    const backend = new WebGPUBackend(device, adapter.info);
    handOverTogether(backend as unknown as CommandsOfBackend);
    throwWithData(backend);
    return backend;
  }, 3);
  tf.env().set("WEBGPU_CPU_FORWARD", false); // small tensors too are computed where they are
  opened = found;
  return found;
}
