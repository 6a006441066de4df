// One sub-layer joins what a variant carries, whichever way its wiring is written.

import type { Algebra, State } from "./algebra.ts";
import type { Parts, Sublayer, Wiring } from "./types.ts";

/**
 * The state after a sub-layer.
 *
 * @param algebra What computes.
 * @param wiring How the sub-layer joins.
 * @param state The state before it.
 * @param f The sub-layer.
 * @param n The norms, learned scalars and gate of its site.
 * @returns The state after it.
 */
export function joinBranch<T>(
  algebra: Algebra<T>,
  wiring: Wiring,
  state: State<T>,
  f: Sublayer<T>,
  n: Parts<T>,
): State<T> {
  if ("update" in wiring) {
    const [x, ...others] = state;
    return [wiring.update(algebra, x, f, n), ...others];
  }
  const inner = wiring.norms.includes("inner") ? n.inner : undefined;
  return wiring.write(algebra, state, f(wiring.read(algebra, state, n), inner), n);
}
