/**
 * Reproducible numbers for the reference tests: a seeded linear congruential generator.
 * Good enough to avoid accidental symmetry; no source of statistics.
 *
 * @module
 */

/** A generator of numbers spread evenly over (−1, 1), the same for the same seed. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 31 - 1;
  };
}

/** A row of numbers from {@linkcode uniform}. */
export function randomRow(next: () => number, length: number): number[] {
  return Array.from({ length }, next);
}

/** A matrix of numbers from {@linkcode uniform}. */
export function randomRows(next: () => number, rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, () => randomRow(next, columns));
}
