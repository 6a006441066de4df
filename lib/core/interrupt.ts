// Interrupts of a notebook's kernel. The stop button ends the running turn of the program at once, `finally` or not, and what
// awaits the rest of that turn would wait for good; a timer that goes on sees what was left open, puts it right and says so.

import { restoreEngine } from "./engine.ts";

/** A notebook's kernel was interrupted in the middle of some work. */
export class InterruptedError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "InterruptedError";
}

/** Called at a cut. */
const listeners = new Set<() => void>();

let timer: ReturnType<typeof setInterval> | undefined;

/** Time between two looks, in milliseconds. */
const lookInterval = 100;

function look(): void {
  if (restoreEngine()) { for (const listener of [...listeners]) listener(); }
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(look, lookInterval);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Whether this runs in a notebook's kernel. */
function inKernel(): boolean {
  try {
    return Deno.jupyter !== undefined; // throws outside
  } catch {
    return false;
  }
}

/**
 * Awaits work that a notebook's kernel may cut off. Elsewhere nothing can, and the work is awaited as it is.
 *
 * @param work The work.
 * @param where Says what was interrupted, and where: "The training was interrupted in step 3".
 * @returns What the work gives.
 * @throws {InterruptedError} If the kernel is interrupted while a function of tfjs runs; the engine is as before then.
 */
export async function untilCut<T>(work: () => Promise<T>, where: () => string): Promise<T> {
  if (!inKernel()) return await work();
  const cut = Promise.withResolvers<never>();
  const ignore = listen(() => cut.reject(new InterruptedError(where())));
  try {
    return await Promise.race([work(), cut.promise]);
  } finally {
    ignore();
  }
}
