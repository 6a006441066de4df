// GPAS as a modifier of any variant. The operator itself is ops/gpas.ts.

import { requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { State } from "./algebra.ts";
import { gateFunctions, gateScopes, gateSuffix, standardGating } from "./gate_id.ts";
import type { Gating, Parts, Residual, Wiring } from "./types.ts";

/** Bases on which the paper tests GPAS; on any other one the combination is ours. */
const tested: readonly string[] = [
  "pre-ln",
  "lns",
  "lns-gain",
  "sandwich-ln",
  "deep-norm",
  "mix-ln",
];

/** Variants with gates by their base and suffix, so that an object tells whether it is the one of an id. */
const made = new WeakMap<Residual, Map<string, Residual>>();

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
 * @returns The variant `base+gpas`, its id with what differs from that: `base+gpas-tanh-site`. The same base and gates give the
 * same object.
 * @throws {RangeError} If `base` has gates already, or an option is unknown.
 */
export function withGpas(base: Residual, gating: Partial<Gating> = {}): Residual {
  if (base.gpas !== undefined) {
    throw new RangeError(`Cannot put GPAS on ${base.id}: it has gates already`);
  }
  const complete = completeGating(gating);
  const suffix = gateSuffix(complete);
  const own = made.get(base) ?? new Map<string, Residual>();
  made.set(base, own);
  const known = own.get(suffix);
  if (known !== undefined) return known;
  const variant = Object.freeze(gatedVariant(base, Object.freeze(complete), suffix));
  own.set(suffix, variant);
  return variant;
}

function completeGating(gating: Partial<Gating>): Gating {
  requireOptions("withGpas()", gating, { activation: "string?", gate: "string?" });
  const { activation = standardGating.activation, gate = standardGating.gate } = gating;
  return {
    activation: requireOneOf("activation", activation, gateFunctions),
    gate: requireOneOf("gate", gate, gateScopes),
  };
}

function gatedVariant(base: Residual, gpas: Gating, suffix: string): Residual {
  const words = suffix.slice("+gpas-".length);
  return {
    ...base,
    id: `${base.id}${suffix}`,
    label: `${base.label} + GPAS${words === "" ? "" : ` (${words})`}`,
    source: `Chen et al. 2025 (GPAS)${
      tested.includes(base.id) ? "" : ", ours on this base"
    }; ${base.source}`,
    gpas,
    wiring: (site) => gated(base.wiring(site)),
  };
}

/** The wiring with the site's gate in the sum, or in the shortcut alone; what a branch reads stays as it is. */
function gated(w: Wiring): Wiring {
  if ("update" in w) {
    return {
      ...w,
      update: w.gate === "sum"
        ? (algebra, x, f, n) => n.gpas(w.update(algebra, x, f, n))
        : (algebra, x, f, n) => w.update(algebra, n.gpas(x), (_, inner) => f(x, inner), n),
    };
  }
  const scaled = <T>(
    [x, ...others]: State<T>,
    { gpas }: Parts<T>,
  ): State<T> => [gpas(x), ...others];
  return {
    ...w,
    write: w.gate === "sum"
      ? (algebra, state, y, n) => scaled(w.write(algebra, state, y, n), n)
      : (algebra, state, y, n) => w.write(algebra, scaled(state, n), y, n),
  };
}
