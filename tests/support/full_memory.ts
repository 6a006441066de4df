// A WASM memory without room. Blocks that nobody writes to take it, so that the machine gives none of its own.

import * as tf from "@tensorflow/tfjs";
import { OutOfMemoryError } from "../../lib/backend/mod.ts";

/** What is used of tfjs's WASM backend. */
interface WasmBackend {
  readonly wasm: {
    readonly HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  numDataIds(): number;
}

/** tfjs's WASM backend, in use. */
export function wasmBackend(): WasmBackend {
  return tf.backend() as unknown as WasmBackend;
}

/** The address of a block, or undefined where there is no room for it. */
export function tryMalloc(bytes: number): number | undefined {
  try {
    return wasmBackend().wasm._malloc(bytes) >>> 0;
  } catch (error) {
    if (error instanceof OutOfMemoryError) return undefined;
    throw error;
  }
}

/** The most pages of memory that tfjs's module asks for, in bytes. */
export const mostBytes = 2 ** 32 - 2 ** 16;

/**
 * Takes all memory but a part of it, in blocks of a MiB and smaller ones.
 *
 * @param left The smallest block that is still taken; less than it may be left in one piece.
 * @param part Where room is left, from an address to another.
 * @returns What gives it back.
 */
export function fillMemory(left = 4096, part: readonly [number, number] = [0, 0]): Disposable {
  const blocks: number[] = [];
  for (let size = 2 ** 20; size >= left; size /= 2) {
    for (let at = tryMalloc(size); at !== undefined; at = tryMalloc(size)) blocks.push(at);
  }
  const { wasm } = wasmBackend();
  const isFree = (at: number): boolean => at >= part[0] && at < part[1];
  blocks.filter(isFree).forEach((at) => wasm._free(at));
  return {
    [Symbol.dispose]: () => blocks.filter((at) => !isFree(at)).forEach((at) => wasm._free(at)),
  };
}
