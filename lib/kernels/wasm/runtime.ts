// Our WASM module in the memory of tfjs's WASM backend: tensors are read and written where they are.
//
// What is used of tfjs here is private (`wasm.asm.memory`, `_malloc`, `dataIdMap`), hence its pinned version.

import type { DataType } from "@tensorflow/tfjs";
import { shareMemory } from "../../backend/shared_memory.ts";
import type { TensorInfo } from "../contract.ts";
import { plain, relaxed } from "./binary.ts";
import { Threads } from "./threads.ts";

/** What is used of tfjs's backend object. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm: { readonly memory: WebAssembly.Memory };
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  incRef(dataId: object): void;
  disposeData(dataId: object): boolean;
}

/** Our module, bound to tfjs's memory. */
export interface Runtime {
  /** "relaxed SIMD, 2 threads"; where there is only one thread, why. */
  readonly detail: string;
  /** How many parts `split` makes at most. */
  readonly threads: number;
  /**
   * Sets the number of threads, a whole number from 1; where they cannot start there are fewer, and `detail` says why.
   */
  setThreads(count: number): Promise<void>;
  /** The address of a tensor's first number. */
  address(tensor: TensorInfo): number;
  /** The number in a scalar tensor. */
  scalar(tensor: TensorInfo): number;
  /** Writes the number of a new scalar tensor. */
  setScalar(tensor: TensorInfo, value: number): void;
  /** int32 numbers in memory, valid until something is allocated. */
  integers(address: number, count: number): Int32Array;
  /** Float64 numbers of the working memory. */
  doubles(address: number, count: number): Float64Array;
  /** A new tensor, not initialized. */
  output(shape: readonly number[], dtype?: DataType): TensorInfo;
  /** The address of at least that many bytes of working memory, valid until the next call of `scratch`. */
  scratch(bytes: number): number;
  /** Calls an exported function of the module. */
  call(name: string, ...args: number[]): void;
  /**
   * Calls a function once for each part of some rows; where there are several threads, at the same time. `grain` is the
   * smallest number of rows that is worth a thread.
   */
  split(
    name: string,
    rows: number,
    grain: number,
    part: (first: number, count: number, thread: number) => number[],
  ): void;
}

/** Bytes of a cache line: working memory starts at one, since a vector that spans two costs a second load. */
const cacheLine = 64;

/** The relaxed module where the engine knows its instructions, else the plain one. */
function bestModule(shared: boolean): { flavor: string; module: WebAssembly.Module } {
  const declared = (text: string): Uint8Array<ArrayBuffer> => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return shared ? shareMemory(bytes) : bytes;
  };
  const bytes = declared(relaxed);
  return WebAssembly.validate(bytes)
    ? { flavor: "relaxed SIMD", module: new WebAssembly.Module(bytes) }
    : { flavor: "plain SIMD", module: new WebAssembly.Module(declared(plain)) };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Instantiates the module in the backend's memory, with one thread.
 *
 * @param backend tfjs's WASM backend, ready.
 * @returns The module, bound to that memory.
 * @throws {OutOfMemoryError} Later, from `output` and `scratch`, if the memory is full.
 */
export function openRuntime(backend: WasmBackend): Runtime {
  const { wasm } = backend;
  const { memory } = wasm.asm;
  const shared = !(memory.buffer instanceof ArrayBuffer);
  const { flavor, module } = bestModule(shared);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const threads = new Threads(memory, module, instance);
  const working = { address: 0, bytes: 0 };
  let whyFewer = "";
  const address = ({ dataId }: TensorInfo): number => backend.dataIdMap.get(dataId).memoryOffset;
  return {
    get detail(): string {
      const count = threads.count === 1 ? "1 thread" : `${threads.count} threads`;
      return `${flavor}, ${count}${whyFewer === "" ? "" : ` (${whyFewer})`}`;
    },
    get threads(): number {
      return threads.count;
    },
    setThreads: async (count) => {
      whyFewer = "";
      if (count > 1 && !shared) {
        whyFewer = "threads need shared memory, which a page has if it is cross-origin isolated";
        return;
      }
      try {
        await threads.resize(count);
      } catch (error) {
        whyFewer = message(error);
      }
    },
    call: (name, ...args) => threads.call(name, args),
    address,
    scalar: (tensor) => new Float32Array(memory.buffer, address(tensor), 1)[0]!,
    setScalar: (tensor, value) => new Float32Array(memory.buffer, address(tensor), 1)[0] = value,
    integers: (at, count) => new Int32Array(memory.buffer, at, count),
    doubles: (at, count) => new Float64Array(memory.buffer, at, count),
    output: (shape, dtype = "float32") => backend.makeOutput([...shape], dtype),
    scratch: (bytes) => {
      if (bytes > working.bytes) {
        const { address } = working;
        Object.assign(working, { address: 0, bytes: 0 });
        if (address > 0) wasm._free(address);
        Object.assign(working, { address: wasm._malloc(bytes + cacheLine) >>> 0, bytes });
      }
      return Math.ceil(working.address / cacheLine) * cacheLine;
    },
    split: (name, rows, grain, part) => {
      const parts = Math.max(1, Math.min(threads.count, Math.floor(rows / grain)));
      if (parts === 1) return threads.call(name, part(0, rows, 0));
      const first = (at: number): number => Math.floor((rows * at) / parts);
      threads.run(
        name,
        Array.from({ length: parts }, (_, at) => part(first(at), first(at + 1) - first(at), at)),
      );
    },
  };
}
