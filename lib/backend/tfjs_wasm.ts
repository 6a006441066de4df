// Loads tfjs's WASM backend in the same way on every runtime: from bytes that are there, with a memory that threads can share and an
// allocator that tells when it is full. The binary is changed while it is loaded.

import * as tf from "@tensorflow/tfjs";
import { checkedImports, checkMalloc } from "./checked_malloc.ts";
import { forgetPendingBackend, noteOfKernel, onRestore } from "./engine.ts";
import { addressable, OutOfMemoryError } from "./out_of_memory.ts";
import { shareMemory } from "./shared_memory.ts";

/** A name that tfjs's binary exports, and no other. */
const mark = "register_tensor";

function isTfjs(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes).includes(mark);
}

/** Throws that the memory is full. */
function throwFull(bytes: number): never {
  throw new OutOfMemoryError(bytes, tf.memory().numBytes);
}

/** What of tfjs's module is used here. */
interface Exports {
  stackSave(): number;
  stackRestore(address: number): void;
}

/** Instantiates tfjs's binary, changed. */
async function instantiateTfjs(
  instantiate: typeof WebAssembly.instantiate,
  bytes: Uint8Array,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
  const checked = checkMalloc(bytes);
  const binary = "SharedArrayBuffer" in globalThis ? shareMemory(checked) : checked;
  let dropFrames = (): void => {};
  const onFull = (bytes: number): never => {
    dropFrames(); // those of the functions that the error ends
    throwFull(bytes);
  };
  const source = await instantiate(binary, checkedImports(imports, onFull));
  const { stackSave, stackRestore } = source.instance.exports as unknown as Exports;
  const bottom = stackSave();
  dropFrames = () => stackRestore(bottom);
  onRestore(dropFrames);
  return source;
}

/**
 * Runs a function that loads tfjs's WASM backend, and changes that backend's binary.
 *
 * @param load Loads the backend; other WASM modules that it loads stay as they are.
 * @returns What `load` returns.
 */
export async function withOwnMemory<T>(load: () => Promise<T>): Promise<T> {
  const { instantiate } = WebAssembly;
  let fail = (_error: unknown): Promise<never> => new Promise(() => {});
  const failure = new Promise<never>((_, reject) => {
    fail = (error) => { // tfjs waits for an instance and for nothing else
      forgetPendingBackend();
      reject(error);
      return new Promise(() => {});
    };
  });
  const instantiateChanged = (source: BufferSource | WebAssembly.Module, imports: unknown) => {
    if (source instanceof WebAssembly.Module) return instantiate(source, imports as never);
    const bytes = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source);
    return isTfjs(bytes)
      ? instantiateTfjs(instantiate, bytes, imports as WebAssembly.Imports).catch(fail)
      : instantiate(source, imports as never);
  };
  WebAssembly.instantiate = instantiateChanged as typeof instantiate;
  try {
    return await Promise.race([load(), failure]);
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

/** The folder in which tfjs is to look for its binaries. */
export const wasmAddress = "normkit:";

/** What is used of tfjs's own platform. */
interface Fetcher {
  fetch(address: string, init?: RequestInit): Promise<Response>;
}

/**
 * Runs a function that loads tfjs's WASM backend, with a binary that was read before. Its other one, which brings threads of its
 * own and loads in some pages alone, is not asked for.
 *
 * @param bytes The binary.
 * @param load Loads the backend; `setWasmPaths` has told tfjs to look at {@linkcode wasmAddress}.
 * @returns What `load` returns.
 */
export async function loadWasm<T>(
  bytes: Uint8Array<ArrayBuffer>,
  load: () => Promise<T>,
): Promise<T> {
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  const fetcher = tf.env().platform as unknown as Fetcher;
  const { fetch } = fetcher;
  fetcher.fetch = (address, init) =>
    address.startsWith(wasmAddress)
      ? Promise.resolve(new Response(bytes))
      : fetch.call(fetcher, address, init);
  try {
    return await withOwnMemory(load);
  } finally {
    fetcher.fetch = fetch;
  }
}

/** What is used of tfjs's backend object. */
interface WasmBackend {
  readonly wasm: {
    readonly asm: { malloc(bytes: number): number };
    _malloc(bytes: number): number;
  };
  write(...args: unknown[]): object;
  move(dataId: object, ...args: unknown[]): void;
  makeOutput(...args: unknown[]): { readonly dataId: object };
  incRef(dataId: object): void;
  disposeData(dataId: object, force?: boolean): boolean;
}

const mendedBefore = new WeakSet<object>();

/**
 * Makes tfjs's backend keep nothing of what fails.
 *
 * @param backend tfjs's WASM backend.
 */
export function mendWasm(backend: object): void {
  if (mendedBefore.has(backend)) return;
  mendedBefore.add(backend);
  const mended = backend as WasmBackend;
  const { malloc } = mended.wasm.asm;
  mended.wasm._malloc = (bytes) => bytes < addressable ? malloc(bytes) : throwFull(bytes);
  const { write, move, makeOutput, incRef, disposeData } = mended;
  mended.move = (dataId, ...args) => {
    try {
      move.call(mended, dataId, ...args);
    } catch (error) {
      mended.disposeData(dataId, true);
      throw error;
    }
  };
  mended.write = (...args) => {
    const dataId = write.apply(mended, args);
    noteOfKernel.made(dataId);
    return dataId;
  };
  mended.makeOutput = (...args) => { // it may lie where C++ has allocated it, without a write
    const output = makeOutput.apply(mended, args);
    noteOfKernel.made(output.dataId);
    return output;
  };
  mended.incRef = (dataId) => {
    incRef.call(mended, dataId);
    noteOfKernel.referred(dataId);
  };
  mended.disposeData = (dataId, force) => {
    noteOfKernel.released(dataId);
    return disposeData.call(mended, dataId, force);
  };
}
