// The types between the kernels and what runs them on WebGPU: a program with its tensors, the runner, and tfjs's backend as far as
// it is used.

import type { DataType } from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";

/** What is used of tfjs's backend object. */
export interface WebGpuBackend {
  readonly device: GPUDevice;
  readonly tensorMap: {
    get(dataId: object): {
      readonly dtype: DataType;
      readonly resource?: GPUBuffer;
      values?: Float32Array | Int32Array | Uint8Array;
    };
  };
  readonly supportTimestampQuery: boolean;
  readonly querySetCount: number;
  readonly activeTimers?: { name: string; query: Promise<number> }[] | null;
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  querySet: GPUQuerySet | null;
  dispatchCountInPass: number;
  makeTensorInfo(shape: number[], dtype: DataType): TensorInfo;
  uploadToGPU(dataId: object): void;
  disposeData(dataId: object): boolean;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  getQueryTime(): Promise<number>;
}

/** Uniform values in the order of the declaration: whole numbers first, then floats. */
export interface Uniforms {
  /** u32 values. */
  readonly u32?: readonly number[];
  /** f32 values. */
  readonly f32?: readonly number[];
}

/** A tensor that a program writes. */
export interface OutputSpec {
  /** The length of each axis. */
  readonly shape: readonly number[];
  /** Its dtype; float32 by default. */
  readonly dtype?: DataType;
}

/** One run of a program. */
export interface Launch {
  /** Names the program with everything that its source holds; `tf.profile` and errors show it. */
  readonly key: string;
  /**
   * The source, asked for once a key. Its entry point is `main`; its bindings, in group 0, are the inputs, the outputs, and
   * the uniforms, in this order (see `declare` in wgsl.ts).
   */
  readonly wgsl: () => string;
  /** The tensors it reads, as their dtype says, whatever their data is stored as. They may share buffers, or be empty. */
  readonly inputs: readonly TensorInfo[];
  /** The tensors it writes, every element of them. */
  readonly outputs: readonly OutputSpec[];
  /** Its uniforms; none by default. */
  readonly uniforms?: Uniforms;
  /**
   * Workgroups: a number, laid out in two dimensions where one is too short (`group_index` in wgsl.ts gives it back), or
   * the dimensions.
   */
  readonly groups: number | readonly [number, number, number];
}

/** Runs programs on tfjs's WebGPU backend. */
export interface Runner {
  /** Where the programs run; it is also that of tfjs. */
  readonly device: GPUDevice;
  /**
   * Records a program; it runs before everything that is recorded after it.
   *
   * @returns The outputs, new tensors.
   * @throws {RangeError} If a tensor is larger than what the GPU binds, or there are too many workgroups.
   */
  run(launch: Launch): TensorInfo[];
  /** Frees a tensor that only led from one program to the next, once the GPU is done with it. */
  free(...tensors: readonly TensorInfo[]): void;
}
