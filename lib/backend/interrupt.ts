// Interrupts of a notebook's kernel. The stop button ends the running turn of the program at once, `finally` or not, and what
// awaits the rest of that turn would wait for good; a timer that goes on sees what was left open, puts it right and says so.

import { platform } from "../platform/mod.ts";
import { restoreEngine } from "./engine.ts";

/**
 * A notebook's kernel was interrupted in the middle of some work.
 *
 * Cause: the stop button, pressed while a cell was training or reading numbers.
 * Remedy: none is needed: tfjs is at rest again, and the cell can be run anew.
 */
export class InterruptedError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "InterruptedError";
}

/** Called at a cut. */
const listeners = new Set<() => void>();

/** Awaits that end in another turn. */
const awaits = new Set<symbol>();

/** Whether cuts are told of that nobody listens to. */
let reporting = false;

let timer: ReturnType<typeof setInterval> | undefined;

/**
 * Time between two looks, in milliseconds: short, as another interrupt before the cell has ended finds the kernel between two turns. Work
 * that is watched seldom lets timers run.
 */
const lookInterval = 10;

function look(): void {
  // A timer that runs while watched work neither is in its turn nor awaits another sees work that nothing will go on with.
  const isLost = listeners.size > 0 && awaits.size === 0;
  if (!restoreEngine() && !isLost) return;
  awaits.clear();
  for (const listener of listeners) listener();
  if (listeners.size === 0 && reporting) throw new InterruptedError("The cell was interrupted");
}

/** Looks from time to time as long as there is a reason to. */
function keepLooking(): void {
  if (listeners.size > 0 || reporting) {
    timer ??= setInterval(look, lookInterval);
  } else {
    clearInterval(timer);
    timer = undefined;
  }
}

/** Whether this runs in a notebook's kernel. */
const inKernel = (): boolean => platform.kernel() !== undefined;

/** Puts tfjs right after every interrupt of the notebook's kernel from now on, and tells of those that hit no awaited work. */
export function reportCuts(): void {
  reporting = inKernel();
  keepLooking();
}

/**
 * Awaits what ends in another turn of the program: a device, a timer, a function of the caller. Work that is watched for cuts
 * awaits such things so; of what it awaits otherwise, all must end in the turn under way.
 *
 * @param work What is awaited.
 * @returns What it gives.
 */
export async function inAnotherTurn<T>(work: Promise<T>): Promise<T> {
  const own = Symbol();
  awaits.add(own);
  try {
    return await work;
  } finally {
    awaits.delete(own);
  }
}

/** The longest time between two turns of work that shares them, in milliseconds. */
const turnLength = 100;

let lastTurn = 0;

/** Where the runtime has it, what does not wait for a clock. */
const nextTurn: (then: () => void) => void =
  (globalThis as { setImmediate?: (then: () => void) => unknown }).setImmediate ?? setTimeout;

/**
 * Lets signals and timers through from time to time. Seldom, as an interrupt that finds a notebook's kernel between two turns
 * stops the kernel for good.
 */
export async function letOthersRun(): Promise<void> {
  if (performance.now() - lastTurn < turnLength) return;
  await inAnotherTurn(new Promise<void>((resolve) => nextTurn(resolve)));
  lastTurn = performance.now();
}

/**
 * Rests for a while. In a notebook's kernel the rest is in turns as work is, so that an interrupt ends it as it ends work.
 *
 * @param milliseconds How long.
 */
export async function rest(milliseconds: number): Promise<void> {
  if (!inKernel()) return await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let left = milliseconds; left > 0; left -= turnLength) {
    Atomics.wait(never, 0, 0, Math.min(left, turnLength));
    await letOthersRun();
  }
}

/**
 * Awaits work that a notebook's kernel may cut off. Elsewhere nothing can, and the work is awaited as it is.
 *
 * @param work The work; in a kernel it begins in a turn of its own, so that a cut leaves those that await it.
 * @param where Says what was interrupted, and where: "The training was interrupted in step 3".
 * @returns What the work gives.
 * @throws {InterruptedError} If the kernel is interrupted in a turn of the work; the engine is at rest again then.
 */
export async function untilCut<T>(work: () => T | Promise<T>, where: () => string): Promise<T> {
  if (!inKernel()) return await work();
  let listener = (): void => {};
  const cut = new Promise<never>((_, reject) => {
    listener = () => reject(new InterruptedError(where()));
  });
  const begun = new Promise((resolve) => setTimeout(resolve)).then(() => {
    restoreEngine(); // what an earlier cell left
    listeners.add(listener);
    keepLooking();
    return work();
  });
  try {
    return await Promise.race([begun, cut]);
  } finally {
    listeners.delete(listener);
    keepLooking();
  }
}
