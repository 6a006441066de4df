// Keeps a kernel's outputs with their cell. The Deno kernel reports a cell as done before its queued outputs are sent, and gives
// each output the cell that runs when it leaves: under Run All, lines land in the wrong cell or are lost. The kernel awaits an
// internal function after each cell; here it waits there until the queue has had time to empty.

import { platform } from "../platform/mod.ts";
import type { NotebookKernel } from "../platform/platform.ts";

/** Base wait and wait per message, in milliseconds: half of the latter was seen to be too little. */
const wait = { base: 15, perMessage: 1 } as const;

const done: unique symbol = Symbol.for("normkit.outputs-in-order");

/** Counts calls of methods that send outputs. */
function countCalls(target: object, methods: readonly string[], count: () => void): void {
  const table = target as Record<string, (...args: unknown[]) => unknown>;
  for (const method of methods) {
    const original = table[method];
    if (original === undefined) continue;
    table[method] = (...args) => {
      count();
      return original.apply(target, args);
    };
  }
}

/** Failures outside any cell's own code reach the notebook as an error output instead of stalling or vanishing. */
function reportLateFailures({ broadcast }: NotebookKernel["outputs"]): void {
  const report = (error: unknown): void => {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    broadcast("error", { ename: name, evalue: message, traceback: (stack ?? message).split("\n") });
  };
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    report(event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    report(event.error);
  });
}

/**
 * Makes a notebook's outputs arrive in their own cell and in order, in every frontend; late failures become error outputs.
 *
 * Does nothing outside a Deno kernel, in a kernel whose internals are other ones, or when called again.
 */
export function keepOutputsInOrder(): void {
  const { hooks, outputs } = platform.kernel() ?? {};
  const send = hooks?.broadcastResult;
  if (hooks === undefined || outputs === undefined || send === undefined || done in hooks) return;
  Object.defineProperty(hooks, done, { value: true });
  let pending = 0;
  const count = (): void => void pending++;
  countCalls(console, ["log", "info", "debug", "warn", "error", "table", "dir"], count);
  countCalls(outputs, ["broadcast", "display"], count);
  hooks.broadcastResult = async (executionCount, result) => {
    await send(executionCount, result);
    const messages = pending;
    pending = 0;
    await new Promise((resolve) => setTimeout(resolve, wait.base + wait.perMessage * messages));
  };
  reportLateFailures(outputs);
}
