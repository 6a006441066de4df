// What bounds this machine's 128-bit vectors, as contestants: they compute nothing, in the least time that it could take.

import { type Bounds, compileBounds, operationsPerTurn } from "./bounds_module.ts";
import type { Contestant } from "../timing/contestant.ts";

/** Where the loops find their numbers: zeros. */
export const numbersAt = 64;

let compiled: Promise<Bounds> | undefined;

/** The loops, compiled once. */
export function boundsHere(): Promise<Bounds> {
  return compiled ??= compileBounds(new WebAssembly.Memory({ initial: 1024 }));
}

/**
 * Times a loop that gives no tensor.
 *
 * @param task What it bounds.
 * @param name Its name.
 * @param once Runs it.
 * @returns The contestant.
 */
export function loop(task: string, name: string, once: (bounds: Bounds) => unknown): Contestant {
  return {
    task,
    name,
    setup: async () => {
      const bounds = await boundsHere();
      return {
        time: (times) => {
          const start = performance.now();
          for (let i = 0; i < times; i++) once(bounds);
          return Promise.resolve(performance.now() - start);
        },
        dispose: () => {},
      };
    },
  };
}

/** The name of the contestant that {@linkcode multiplyAdds} gives. */
export const boundName = "multiply-adds without memory";

/**
 * As many multiply-adds as a task needs, of numbers that stay in registers, on one thread.
 *
 * @param task The task.
 * @param flops Its floating-point operations.
 * @returns The contestant.
 */
export function multiplyAdds(task: string, flops: number): Contestant {
  const turns = Math.round(flops / operationsPerTurn);
  return loop(task, boundName, (bounds) => bounds.multiplyAdds(turns, numbersAt));
}
