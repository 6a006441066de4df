// What a head makes of the rows that it reads.

import type { Interpreter } from "./interpreter.ts";
import type { Head } from "./spec.ts";

/**
 * The outputs of a head.
 *
 * @param engine What executes it.
 * @param head The head.
 * @param x The rows of a final norm that it reads.
 * @returns Its outputs.
 */
export function runHead<T>(engine: Interpreter<T>, head: Head, x: T): T {
  const { linear, plusSum, softcap } = head;
  const read = plusSum === true ? engine.addSum(x, 1) : x;
  const y = engine.linear(read, linear);
  return softcap === undefined ? y : engine.softcap(y, softcap);
}
