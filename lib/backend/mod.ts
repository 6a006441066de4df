/**
 * The backends of tfjs: the choice of one, its devices, reads of its tensors, its memory, and gradients of trees.
 *
 * @module
 */

export { type BackendChoice, type BackendName, BackendUnavailableError } from "./backend.ts";
export { type ValueAndGradient, valueAndGradient } from "./gradient.ts";
export { InterruptedError } from "./interrupt.ts";
export { OutOfMemoryError } from "./out_of_memory.ts";
export { type Numbers, readAll, takeNumbers } from "./read.ts";
export {
  findWebGpu,
  GpuError,
  throwGpuError,
  type WebGpuAdapter,
  type WebGpuLimits,
} from "./webgpu.ts";
