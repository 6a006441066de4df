// What tfjs's engine leaves behind when something ends before its time, put right: a kernel or a gradient that throws, data that
// finds no room on its new backend, and a turn of the program that a notebook's kernel cuts off in the middle, `finally` or not.
//
// What is used of tfjs here is private, hence its pinned version.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import { countShared, dtypeOnWasm, inArrayOf, type SharedData } from "./shared_casts.ts";

/** The data of a tensor: where it is and what it is. */
interface DataInfo extends SharedData {
  backend: Storage;
  readonly shape: number[];
}

/** What is used of a backend. */
interface Storage {
  refCount(dataId: object): number;
  readSync(dataId: object): tf.backend_util.BackendValues;
  disposeData(dataId: object, force?: boolean): boolean;
  move(
    dataId: object,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void;
}

/** What is used of tfjs's engine. */
interface Engine {
  readonly backend: Storage;
  readonly registry: Readonly<Record<string, unknown>>;
  pendingBackendInit: Promise<boolean> | null;
  readonly state: {
    gradientDepth: number;
    kernelDepth: number;
    activeTape: readonly { readonly saved?: readonly Tensor[] }[] | null | undefined;
    readonly scopeStack: readonly unknown[];
    readonly tensorInfo: WeakMap<object, DataInfo>;
    profiling: boolean;
  };
  endScope(): void;
  scopedRun<T>(start: () => void, end: () => void, f: () => T): T;
  gradients(...args: unknown[]): unknown;
  runKernelFunc(call: unknown): unknown;
  keep(tensor: Tensor): Tensor;
  trackTensor(tensor: Tensor, backend: unknown): void;
  disposeTensor(tensor: Tensor): void;
  moveData(backend: Storage, dataId: object): void;
}

const engine = tf.engine() as unknown as Engine;

/**
 * Whether a backend was opened; tfjs's own `findBackend()` opens it.
 *
 * @param name The backend.
 * @returns Whether tfjs has it ready.
 */
export const isOpen = (name: string): boolean => name in engine.registry;

/** Lets tfjs wait no longer for a backend that will not come. */
export function forgetPendingBackend(): void {
  engine.pendingBackendInit = null;
}

/** How many gradients of gradients are being taken, from 1; 0 outside a gradient. */
export function gradientDepth(): number {
  return engine.state.gradientDepth;
}

/** How many calls of the engine are under way, one in the other, and the scopes that were open before the first. */
const calls = { depth: 0, scopes: 0 };

/** What else is put right after a cut. */
const repairs: (() => void)[] = [];

/**
 * Adds to what {@linkcode restoreEngine} does.
 *
 * @param repair Puts a backend right whose functions may have been cut off.
 */
export function onRestore(repair: () => void): void {
  repairs.push(repair);
}

/** The tapes of gradients in which others are computed, the outermost first. */
const outerTapes: Engine["state"]["activeTape"][] = [];

/**
 * A gradient that is computed while another one is, in its backward pass; the tape of that one stays as it is.
 *
 * @param f The function.
 * @param xs What it is differentiated by.
 * @param dy The gradient to its value.
 * @returns Its value, and the gradients; undefined where `f` does not use a tensor.
 */
export function gradientsWithin(
  f: () => Tensor,
  xs: readonly Tensor[],
  dy: Tensor,
): { readonly value: Tensor; readonly grads: readonly (Tensor | undefined)[] } {
  const { state } = engine;
  outerTapes.push(state.activeTape);
  try {
    return engine.gradients(f, xs, dy, true) as ReturnType<typeof gradientsWithin>;
  } finally {
    state.activeTape = outerTapes.pop();
  }
}

/** Frees what the tape keeps for a gradient that will not be computed. */
function dropTape(): void {
  for (const { saved = [] } of engine.state.activeTape ?? []) tf.dispose([...saved]);
  engine.state.activeTape = null;
}

/**
 * Puts the engine right after a cut: closes what was open, and frees what belonged to it.
 *
 * A notebook's kernel that is interrupted ends the running turn at once; gradients and scopes that it was in stay open for good,
 * and every later gradient fails. Call this only where no function of the engine can be running: after an `await`, in a timer.
 *
 * @returns Whether something had been cut off.
 */
export function restoreEngine(): boolean {
  if (calls.depth === 0) return false;
  calls.depth = 0;
  const { state } = engine;
  [state.gradientDepth, state.kernelDepth, state.profiling] = [0, 0, false];
  for (const repair of repairs) repair();
  dropTape();
  for (state.activeTape of outerTapes.splice(0)) dropTape();
  while (state.scopeStack.length > calls.scopes) engine.endScope();
  return true;
}

/** Counts calls under way; a count that stays tells of a cut. */
function countCalls(): void {
  const scopedRun = engine.scopedRun.bind(engine);
  engine.scopedRun = (start, end, f) => {
    if (calls.depth++ === 0) calls.scopes = engine.state.scopeStack.length;
    try {
      return scopedRun(start, end, f);
    } finally {
      calls.depth--;
    }
  };
}

/** A gradient whose function throws keeps nothing. */
function freeTapes(): void {
  const gradients = engine.gradients.bind(engine);
  engine.gradients = (...args) => {
    try {
      return gradients(...args);
    } catch (error) {
      if (engine.state.gradientDepth === 0) dropTape();
      throw error;
    }
  };
}

/** Data stays on its old backend until it is on the new one. */
function moveSafely(): void {
  engine.moveData = (backend, dataId) => {
    const info = engine.state.tensorInfo.get(dataId);
    if (info === undefined) throw new Error("Cannot use a tensor that was disposed");
    const old = info.backend;
    const tensors = old.refCount(dataId);
    const isWasm = backend === tf.findBackend("wasm") as unknown;
    const dtype = isWasm ? dtypeOnWasm(dataId, info, tensors) : info.dtype;
    const values = old.readSync(dataId);
    const own = isWasm ? inArrayOf(dtype, values) as typeof values : values;
    backend.move(dataId, own, info.shape, dtype, tensors);
    old.disposeData(dataId, true);
    Object.assign(info, { backend, dtype });
  };
}

/** Counts tensors that share data of another dtype. */
function countCasts(): void {
  const track = engine.trackTensor.bind(engine);
  const dispose = engine.disposeTensor.bind(engine);
  const count = (tensor: Tensor, change: 1 | -1): void => {
    const info = engine.state.tensorInfo.get(tensor.dataId);
    if (info !== undefined) countShared(tensor, info, change);
  };
  engine.trackTensor = (tensor, backend) => {
    track(tensor, backend);
    count(tensor, 1);
  };
  engine.disposeTensor = (tensor) => {
    count(tensor, -1);
    dispose(tensor);
  };
}

/** What a kernel has made so far. */
interface Made {
  /** Handles of the data that it has allocated. */
  readonly data: object[];
  /** Data that was there, once for each further reference to it. */
  readonly references: object[];
  /** Tensors that are kept for its gradient. */
  readonly kept: Tensor[];
}

/** What the kernel under way has made. */
let made: Made = { data: [], references: [], kept: [] };

/** A kernel that throws keeps nothing that it made. */
function freeOutputs(): void {
  const run = engine.runKernelFunc.bind(engine);
  const keep = engine.keep.bind(engine);
  const track = engine.trackTensor.bind(engine);
  engine.trackTensor = (tensor, backend) => {
    track(tensor, backend);
    noteOfKernel.released(tensor.dataId); // the tensor has the reference now
  };
  engine.keep = (tensor) => {
    if (engine.state.kernelDepth > 0) made.kept.push(tensor);
    return keep(tensor);
  };
  engine.runKernelFunc = (call) => {
    const outer = made;
    const own: Made = made = { data: [], references: [], kept: [] };
    try {
      return run(call);
    } catch (error) {
      freeMade(own);
      throw error;
    } finally {
      made = outer;
    }
  };
}

function freeMade({ data, references, kept }: Made): void {
  tf.dispose(kept);
  for (const dataId of [...references]) engine.backend.disposeData(dataId);
  const untracked = data.filter((dataId) => !engine.state.tensorInfo.has(dataId));
  for (const dataId of untracked) engine.backend.disposeData(dataId, true);
}

/** What a backend has to tell of the data that a kernel under way makes; where that throws, it is freed. */
export const noteOfKernel = {
  /** New data. */
  made(dataId: object): void {
    if (engine.state.kernelDepth > 0) made.data.push(dataId);
  },
  /** One more reference to data. */
  referred(dataId: object): void {
    if (engine.state.kernelDepth > 0) made.references.push(dataId);
  },
  /** One reference less. */
  released(dataId: object): void {
    const at = made.references.indexOf(dataId);
    if (at >= 0) made.references.splice(at, 1);
  },
};

countCalls();
freeTapes();
moveSafely();
countCasts();
freeOutputs();
