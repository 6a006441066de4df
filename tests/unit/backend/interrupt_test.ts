// Interrupts of a notebook's kernel, which stands in here: how soon work that was cut off is told of.

import { assert, assertRejects } from "@std/assert";
import { InterruptedError, untilCut } from "../../../lib/backend/interrupt.ts";
import { platform } from "../../../lib/platform/mod.ts";
import type { NotebookKernel } from "../../../lib/platform/platform.ts";

Deno.test("work that was cut off is told of before another interrupt can come", async () => {
  const { kernel } = platform;
  const { setInterval } = globalThis;
  const pauses: number[] = [];
  platform.kernel = () => ({ hooks: undefined }) as unknown as NotebookKernel;
  globalThis.setInterval = ((look: () => void, pause: number) => {
    pauses.push(pause);
    return setInterval(look, pause);
  }) as typeof setInterval;
  try {
    const cut = untilCut(() => new Promise<never>(() => {}), () => "The work was interrupted");
    await assertRejects(() => cut, InterruptedError, "The work was interrupted");
  } finally {
    [platform.kernel, globalThis.setInterval] = [kernel, setInterval];
  }
  // until the cell has ended, a second interrupt finds its kernel between two turns, and stops it; hands take some 60 ms
  assert(pauses.length === 1 && pauses[0]! <= 20, `${pauses}`);
});
