// Threads that share the backend's memory: each has an instance of the module and waits for parts of a kernel. The main thread
// does a part too, and returns when all are done. They do not keep the process alive.

import { Queue } from "../../core/queue.ts";
import { platform } from "../../platform/mod.ts";
import { serve, word, type WorkerData } from "./worker.ts";

/** A call of an exported function. */
type Exported = (...args: number[]) => void;

interface Thread {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
}

/** How many times a thread looks for work before it sleeps: some 50 µs, longer than the pause between two kernels. */
const looks = 20_000;

/** Bytes of a control block: 64 of words, then up to 24 arguments. */
const controlBytes = 256;

/** Threads beyond the main one, started and ended as asked. */
export class Threads {
  readonly #memory: WebAssembly.Memory;
  readonly #module: WebAssembly.Module;
  readonly #functions: ReadonlyMap<string, { readonly at: number; readonly call: Exported }>;
  readonly #threads: Thread[] = [];
  readonly #resizes = new Queue();

  /**
   * Makes a pool with the main thread alone.
   *
   * @param memory The memory; a shared one where there are to be more threads.
   * @param module The module.
   * @param instance The main thread's instance of it.
   */
  constructor(
    memory: WebAssembly.Memory,
    module: WebAssembly.Module,
    instance: WebAssembly.Instance,
  ) {
    this.#memory = memory;
    this.#module = module;
    const exported = Object.entries(instance.exports);
    this.#functions = new Map(
      exported.map(([name, call], at) => [name, { at, call: call as Exported }]),
    );
  }

  /** The number of threads, the main one included. */
  get count(): number {
    return this.#threads.length + 1;
  }

  /**
   * Starts or ends threads, after what earlier calls began.
   *
   * @param count How many there are to be, the main one included.
   * @throws {Error} If one does not start; those before it stay.
   */
  resize(count: number): Promise<void> {
    return this.#resizes.run(() => this.#resizeNow(count));
  }

  async #resizeNow(count: number): Promise<void> {
    while (this.count > count) send(this.#threads.pop()!, -1, []);
    while (this.count < count) this.#threads.push(await this.#start());
  }

  async #start(): Promise<Thread> {
    const control = new SharedArrayBuffer(controlBytes);
    await platform.startThread<WorkerData>(serve, {
      memory: this.#memory,
      module: this.#module,
      ...{ control, word, looks },
    });
    return { words: new Int32Array(control), numbers: new Float64Array(control, 64) };
  }

  /**
   * Calls a function on this thread.
   *
   * @param name The function.
   * @param args Its arguments.
   */
  call(name: string, args: readonly number[]): void {
    this.#functions.get(name)!.call(...args);
  }

  /**
   * Calls a function once with each list of arguments, all at the same time; the first on this thread.
   *
   * @param name The function.
   * @param parts The arguments of each call; no more than there are threads.
   * @throws {WebAssembly.RuntimeError} If a call fails; all have ended then.
   */
  run(name: string, parts: readonly (readonly number[])[]): void {
    const { at, call } = this.#functions.get(name)!;
    const busy = parts.slice(1).map((args, i) => {
      const thread = this.#threads[i]!;
      return { thread, job: send(thread, at, args) };
    });
    let failed = false;
    try {
      call(...parts[0]!);
    } finally {
      for (const { thread, job } of busy) failed = !hasDone(thread, job) || failed;
    }
    if (failed) throw new WebAssembly.RuntimeError(`Cannot run ${name}: a thread failed`);
  }
}

/** Gives a thread a job. */
function send({ words, numbers }: Thread, at: number, args: readonly number[]): number {
  numbers.set(args);
  words[word.function] = at;
  words[word.count] = args.length;
  words[word.failed] = 0;
  const job = words[word.job]! + 1 | 0;
  Atomics.store(words, word.job, job);
  if (Atomics.load(words, word.sleeps) === 1) Atomics.notify(words, word.job);
  return job;
}

/** Waits for a thread's job; false if it threw. */
function hasDone({ words }: Thread, job: number): boolean {
  for (let look = 0; Atomics.load(words, word.done) !== job; look++) {
    if (look < looks || !platform.maySleep()) continue;
    Atomics.store(words, word.awaited, 1);
    Atomics.wait(words, word.done, job - 1 | 0);
    Atomics.store(words, word.awaited, 0);
  }
  return words[word.failed] === 0;
}
