// The part of an id that names a variant's gates, printed and read in one place: `+gpas`, or with what differs from the paper's
// code, `+gpas-tanh`, `+gpas-site`, `+gpas-leaky-relu-site`. Ids are file names, and words of a shell without quotes.

import { gates } from "../kernels/gate.ts";
import type { GateActivation } from "../kernels/contract.ts";
import type { Gating } from "./types.ts";

/** The gates of the paper's code, which `+gpas` stands for. */
export const standardGating: Gating = { activation: "silu", gate: "layer" };

/** The functions that a gate may have. */
export const gateFunctions = Object.keys(gates) as GateActivation[];

/** What is scaled by one gate. */
export const gateScopes = ["layer", "site"] as const satisfies readonly Gating["gate"][];

/**
 * What gates add to the id of a variant.
 *
 * @param gating The gates.
 * @returns The suffix, such as `+gpas` or `+gpas-tanh-site`.
 */
export function gateSuffix(gating: Gating): string {
  const others = (["activation", "gate"] as const).filter((key) =>
    gating[key] !== standardGating[key]
  );
  return ["+gpas", ...others.map((key) => gating[key])].join("-");
}

/** Every kind of gates by its suffix. */
const gatings: ReadonlyMap<string, Gating> = new Map(
  gateFunctions.flatMap((activation) =>
    gateScopes.map((gate) => [gateSuffix({ activation, gate }), { activation, gate }] as const)
  ),
);

/** An id in its parts. */
export interface VariantId {
  /** The id of the variant without gates. */
  readonly base: string;
  /** Its gates, where it has some. */
  readonly gating?: Gating;
}

/**
 * The parts of an id.
 *
 * @param id The id of a variant.
 * @returns The base, and the gates that its suffix names; all of it is the base where the suffix names none.
 */
export function splitVariantId(id: string): VariantId {
  const at = id.lastIndexOf("+");
  const gating = at < 0 ? undefined : gatings.get(id.slice(at));
  return gating === undefined ? { base: id } : { base: id.slice(0, at), gating };
}
