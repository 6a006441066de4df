// The parameters of a model by name, each with what it is: what an optimizer needs to know of them, whatever a family calls them.

import type { Linear, ModelSpec, NormSpec, Table } from "./spec.ts";

/** What a parameter is: a linear map's matrix, a table of embeddings, a bias or gain, a GPAS gate. */
export type ParameterKind = "matrix" | "table" | "vector" | "gate";

type Named = readonly [name: string, kind: ParameterKind];

const isLinear = (part: object): part is Linear => "weight" in part && "layout" in part;
const isNorm = (part: object): part is NormSpec => "gain" in part && "eps" in part;
const isTable = (part: object): part is Table => "table" in part;

/** What names that stand by themselves are, by the key that holds them. */
const loose: Readonly<Record<string, ParameterKind>> = { gate: "gate", scale: "vector" };

/** The parameters under a key of a spec; parts that are not known yet are looked through. */
function* namesUnder(key: string, part: unknown): Generator<Named> {
  if (typeof part === "string" && key in loose) yield [part, loose[key]!];
  if (typeof part !== "object" || part === null || key === "residual") return;
  if (isLinear(part)) yield* [[part.weight, "matrix"], [part.bias, "vector"]] as Named[];
  else if (isNorm(part)) yield* [[part.gain, "vector"], [part.bias, "vector"]] as Named[];
  else if (isTable(part)) yield [part.table, "table"];
  else if (key === "weights") { for (const name of Object.values(part)) yield [name, "vector"]; }
  else for (const [inner, value] of Object.entries(part)) yield* namesUnder(inner, value);
}

/**
 * The names that a model gives its parameters; a checkpoint need not have all of them.
 *
 * @param spec The model.
 * @returns What each is. A head that shares the token table is that table.
 */
export function parametersIn({ stacks, heads }: ModelSpec): ReadonlyMap<string, ParameterKind> {
  const kinds = new Map<string, ParameterKind>();
  for (const [name, kind] of [...namesUnder("stacks", stacks), ...namesUnder("heads", heads)]) {
    if (name !== "" && !kinds.has(name)) kinds.set(name, kind);
  }
  return kinds;
}
