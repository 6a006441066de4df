// Interrupts of a notebook's kernel. The stop button ends the running turn of the program at once, `finally` or not, and what
// awaits the rest of that turn would wait for good; a timer that goes on sees what was left open, puts it right and says so.

import { platform } from "../platform/mod.ts";
import { restoreEngine } from "./engine.ts";

/** A notebook's kernel was interrupted in the middle of some work. */
export class InterruptedError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "InterruptedError";
}

/** Called at a cut. */
const listeners = new Set<() => void>();

/** Whether cuts are told of that nobody listens to. */
let reporting = false;

let timer: ReturnType<typeof setInterval> | undefined;

/** Time between two looks, in milliseconds. */
const lookInterval = 100;

function look(): void {
  if (!restoreEngine()) return;
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
 * Awaits work that a notebook's kernel may cut off. Elsewhere nothing can, and the work is awaited as it is.
 *
 * @param work The work; in a kernel it begins in a turn of its own, so that a cut leaves those that await it.
 * @param where Says what was interrupted, and where: "The training was interrupted in step 3".
 * @returns What the work gives.
 * @throws {InterruptedError} If the kernel is interrupted while a function of tfjs runs; the engine is at rest again then.
 */
export async function untilCut<T>(work: () => T | Promise<T>, where: () => string): Promise<T> {
  if (!inKernel()) return await work();
  const cut = Promise.withResolvers<never>();
  const listener = (): void => cut.reject(new InterruptedError(where()));
  const begun = new Promise((resolve) => setTimeout(resolve)).then(() => {
    restoreEngine(); // what an earlier cell left
    listeners.add(listener);
    keepLooking();
    return work();
  });
  try {
    return await Promise.race([begun, cut.promise]);
  } finally {
    listeners.delete(listener);
    keepLooking();
  }
}
