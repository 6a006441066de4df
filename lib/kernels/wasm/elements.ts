// Element-wise work over the threads.

import type { Runtime } from "./runtime.ts";

/** Floats of a cache line: the boundaries between threads. */
const line = 16;

/** Floats that are worth waking a thread for. */
const worthThread = 65_536;

/**
 * Calls an element-wise function on parts of its elements.
 *
 * @param runtime The module.
 * @param name The function.
 * @param size The number of elements.
 * @param part The arguments for the elements from `first` (and `bytes`, their distance from the first) to `first + count`.
 */
export function splitElements(
  runtime: Runtime,
  name: string,
  size: number,
  part: (bytes: number, count: number, thread: number) => number[],
): void {
  runtime.split(name, Math.ceil(size / line), worthThread / line, (first, count, thread) => {
    const start = first * line;
    return part(start * 4, Math.min(size, start + count * line) - start, thread);
  });
}

/**
 * The sum of products of two arrays.
 *
 * @param runtime The module.
 * @param x Address of the one.
 * @param y Address of the other; the same for a sum of squares.
 * @param size The number of elements.
 * @returns Σ x ⊙ y
 */
export function dot(runtime: Runtime, x: number, y: number, size: number): number {
  const sums = runtime.scratch(runtime.threads * 8);
  runtime.doubles(sums, runtime.threads).fill(0);
  splitElements(
    runtime,
    "dot",
    size,
    (bytes, count, thread) => [x + bytes, y + bytes, sums + thread * 8, count],
  );
  return runtime.doubles(sums, runtime.threads).reduce((total, part) => total + part, 0);
}

/**
 * The number of elements of a shape.
 *
 * @param shape The shape.
 * @returns The product of its lengths.
 */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}
