// Ctrl-C, SIGTERM and SIGHUP: the first ends a command in good order where it can, the second at once. Nothing temporary stays.

import { undoAll } from "./cleanup.ts";
import { platform } from "./mod.ts";

/** The signals that end a command, each with the exit code of a process that it ends. */
const endings = (): Readonly<Record<string, number>> =>
  platform.system() === "windows" ? { SIGINT: 130 } : { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** Signals so soon after the first are the same one: a terminal and `deno task` may both send it. In milliseconds. */
const sameSignal = 300;

/** Why a body is to end, the reason of its signal. */
export class EndedBySignal extends Error {
  /** The name of the class, for messages. */
  override readonly name = "EndedBySignal";
  /** The exit code of a process that has nothing left to do then: 0 after Ctrl-C, else 128 and the signal's number. */
  readonly code: number;

  /**
   * Says which signal it was.
   *
   * @param signal The signal.
   * @param code The exit code of a process that it ends at once.
   */
  constructor(signal: string, code: number) {
    super(`Ended by ${signal}`);
    this.code = signal === "SIGINT" ? 0 : code;
  }
}

/** How a command takes signals. */
export interface SignalOptions {
  /** Whether the body ends by itself after the first signal. */
  readonly inOrder: boolean;
  /** Is told of the first signal where the body ends by itself. */
  readonly onFirst: () => void;
  /** Is told of the signal that ends the process at once, and of the exit code. */
  readonly onEnd: (signal: string, code: number) => void;
}

/**
 * Runs a body that signals may end.
 *
 * @param options How.
 * @param body The body; its signal comes with the first one.
 * @returns What the body gives.
 */
export async function underSignals<T>(
  { inOrder, onFirst, onEnd }: SignalOptions,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let first = 0;
  const take = (name: string, code: number): void => {
    if (!inOrder || (stop.signal.aborted && performance.now() - first > sameSignal)) {
      undoAll();
      onEnd(name, code);
      platform.exit(code);
    }
    if (stop.signal.aborted) return;
    first = performance.now();
    onFirst();
    stop.abort(new EndedBySignal(name, code));
  };
  const listeners = Object.entries(endings()).map(([name, code]) =>
    platform.onSignal(name, () => take(name, code))
  );
  try {
    return await body(stop.signal);
  } finally {
    for (const listener of listeners) listener[Symbol.dispose]();
  }
}
