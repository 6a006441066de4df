// What a thread runs: it waits for a job in shared memory, calls the function of the module, and says that it is done. It is
// not loaded as a file: its text is handed to the thread, so that no right to read is needed and any host of the package will do.

/** Places in a thread's control block, in words of 4 bytes; the arguments follow as float64 from byte 64. */
export const word = {
  /** The number of the job: a change wakes the thread. */
  job: 0,
  /** The number of the job that is done. */
  done: 1,
  /** The position of the function among the module's exports; −1 ends the thread. */
  function: 2,
  /** The number of arguments. */
  count: 3,
  /** 1 while the thread sleeps. */
  sleeps: 4,
  /** 1 while the main thread sleeps. */
  awaited: 5,
  /** 1 when the last job threw. */
  failed: 6,
} as const;

/** What a thread gets. */
export interface WorkerData {
  /** The shared memory of the backend. */
  readonly memory: WebAssembly.Memory;
  /** The compiled module. */
  readonly module: WebAssembly.Module;
  /** The control block. */
  readonly control: SharedArrayBuffer;
  /** The places in it: {@linkcode word}. */
  readonly word: typeof word;
  /** How many times a waiting thread looks before it sleeps. */
  readonly looks: number;
}

/**
 * Serves jobs until one with the function −1 comes. It uses nothing from outside but its arguments, since only its text reaches
 * the thread.
 *
 * @param data What the thread works with.
 * @param ready Called once, before the first job is awaited.
 */
export function serve(
  { memory, module, control, word, looks }: WorkerData,
  ready: () => void,
): void {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = Object.values(exports) as ((...args: number[]) => void)[];
  const words = new Int32Array(control);
  const numbers = new Float64Array(control, 64);
  ready();
  for (let last = 0;;) {
    for (let look = 0; Atomics.load(words, word.job) === last; look++) {
      if (look < looks) continue;
      Atomics.store(words, word.sleeps, 1);
      Atomics.wait(words, word.job, last);
      Atomics.store(words, word.sleeps, 0);
    }
    last = Atomics.load(words, word.job);
    const at = words[word.function]!;
    if (at < 0) return;
    try {
      functions[at]!(...numbers.subarray(0, words[word.count]));
    } catch {
      words[word.failed] = 1;
    }
    Atomics.store(words, word.done, last);
    if (Atomics.load(words, word.awaited) === 1) Atomics.notify(words, word.done);
  }
}
