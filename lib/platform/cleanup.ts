// What must not outlive the process: temporary files and child processes, undone when a signal ends it before its time.

const duties = new Set<() => void>();

/**
 * Registers what is to be undone if the process is ended before its time.
 *
 * @param undo Undoes it at once, without waiting.
 * @returns To be disposed of when there is nothing left to undo.
 */
export function undoneAtEnd(undo: () => void): Disposable {
  duties.add(undo);
  return { [Symbol.dispose]: () => void duties.delete(undo) };
}

/** Undoes all that is registered, the newest first. What cannot be undone does not keep the rest from it. */
export function undoAll(): void {
  for (const undo of [...duties].reverse()) {
    duties.delete(undo);
    try {
      undo();
    } catch { /* the process ends; there is nobody left to tell */ }
  }
}
