// Our WASM module in the memory of tfjs's WASM backend: tensors are read and written where they are.
//
// What is used of tfjs here is private (`wasm.asm.memory`, `_malloc`, `dataIdMap`), hence its pinned version.

import type { DataType } from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { plain, relaxed } from "./binary.ts";

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
}

type Exported = (...args: number[]) => void;

/** Our module, bound to tfjs's memory. */
export interface Runtime {
  /** "relaxed SIMD" or "plain SIMD". */
  readonly detail: string;
  /** How many parts `split` makes at most. */
  readonly threads: number;
  /** The address of a tensor's first number. */
  address(tensor: TensorInfo): number;
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

function moduleOf(text: string): WebAssembly.Module {
  return new WebAssembly.Module(Uint8Array.fromBase64(text));
}

/** The relaxed module where the engine knows its instructions, else the plain one. */
function bestModule(): { detail: string; module: WebAssembly.Module } {
  const bytes = Uint8Array.fromBase64(relaxed);
  return WebAssembly.validate(bytes)
    ? { detail: "relaxed SIMD", module: new WebAssembly.Module(bytes) }
    : { detail: "plain SIMD", module: moduleOf(plain) };
}

/**
 * Instantiates the module in the backend's memory.
 *
 * @param backend tfjs's WASM backend, ready.
 * @returns The module, bound to that memory.
 */
export function openRuntime(backend: WasmBackend): Runtime {
  const { detail, module } = bestModule();
  const { wasm } = backend;
  const { exports } = new WebAssembly.Instance(module, { env: { memory: wasm.asm.memory } });
  const working = { address: 0, bytes: 0 };
  const call = (name: string, ...args: number[]): void => (exports[name] as Exported)(...args);
  return {
    detail,
    threads: 1,
    call,
    address: ({ dataId }) => backend.dataIdMap.get(dataId).memoryOffset,
    output: (shape, dtype = "float32") => backend.makeOutput([...shape], dtype),
    scratch: (bytes) => {
      if (bytes > working.bytes) {
        if (working.bytes > 0) wasm._free(working.address);
        working.address = wasm._malloc(bytes) >>> 0;
        working.bytes = bytes;
      }
      return working.address;
    },
    split: (name, rows, _grain, part) => call(name, ...part(0, rows, 0)),
  };
}
