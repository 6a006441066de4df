// GPAS as a modifier of any variant. The operator itself is ops/gpas.ts.

import type { Gating, Residual, Wiring } from "./types.ts";

/** Bases on which the paper tests GPAS; on any other one the combination is ours. */
const tested: readonly string[] = [
  "pre-ln",
  "lns",
  "lns-gain",
  "sandwich-ln",
  "deep-norm",
  "mix-ln",
];

/**
 * GPAS on a residual variant: the sum of shortcut and branch is scaled, or, where the sum goes into a norm, the shortcut alone.
 *
 * ```
 * Pre-LN    x′ = GPAS(x + f(LN(x)))
 * DeepNorm  x′ = LN(α · GPAS(x) + f(x))
 * ```
 *
 * Source: Chen et al. 2025 and its released code (`modeling_llama.py`); on Post-LN, Sub-LN, ResiDual and Peri-LN it is our
 * extension by the same rule, and `source` says so.
 *
 * @param base Any variant without gates.
 * @param gating Activation of the gates (SiLU), and whether the sub-layers of a layer share one (`"layer"`, as in the code).
 * @returns The variant `base+gpas`.
 * @throws {RangeError} If `base` has gates already.
 */
export function withGpas(base: Residual, gating: Partial<Gating> = {}): Residual {
  if (base.gpas !== undefined) {
    throw new RangeError(`Cannot put GPAS on ${base.id}: it has gates already`);
  }
  return {
    ...base,
    id: `${base.id}+gpas`,
    label: `${base.label} + GPAS`,
    source: `Chen et al. 2025 (GPAS)${
      tested.includes(base.id) ? "" : ", ours on this base"
    }; ${base.source}`,
    gpas: { activation: "silu", gate: "layer", ...gating },
    wiring: (site) => gated(base.wiring(site)),
  };
}

function gated(w: Wiring): Wiring {
  return {
    ...w,
    update: w.gate === "sum"
      ? (x, f, n) => n.gpas(w.update(x, f, n))
      : (x, f, n) => w.update(n.gpas(x), (_, inner) => f(x, inner), n), // the branch reads the raw x
  };
}
