/**
 * The ground of the library: backends, reads, checks, seeded numbers, trees of parameters and their gradients.
 *
 * @module
 */

export { type BackendChoice, type BackendName, BackendUnavailableError } from "./backend.ts";
export { type NumberLimits, requireInteger, requireNumber, requireOneOf } from "./check.ts";
export { type ValueAndGradient, valueAndGradient } from "./gradient.ts";
export { InterruptedError } from "./interrupt.ts";
export { OutOfMemoryError } from "./out_of_memory.ts";
export { Random } from "./random.ts";
export { type Numbers, readAll, takeNumbers } from "./read.ts";
export type { Scalar, Tensor } from "./tensor.ts";
export {
  countParameters,
  disposeTree,
  fillTree,
  type Leaf,
  leaves,
  mapTree,
  tensorsOf,
  type Tree,
} from "./tree.ts";
export {
  findWebGpu,
  GpuError,
  throwGpuError,
  type WebGpuAdapter,
  type WebGpuLimits,
} from "./webgpu.ts";
