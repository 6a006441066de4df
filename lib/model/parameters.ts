// The parameters of a model by name, each with what it is: what an optimizer needs to know of them, whatever a family calls them.

import type { Linear, ModelSpec, NormSpec, Table } from "./spec.ts";

/** What a parameter is: a linear map's matrix, a table of embeddings, a bias or gain, a GPAS gate. */
export type ParameterKind = "matrix" | "table" | "vector" | "gate";

type Named = readonly [name: string, kind: ParameterKind];

const isLinear = (part: object): part is Linear => "weight" in part && "layout" in part;
const isNorm = (part: object): part is NormSpec => "gain" in part && "eps" in part;
const isTable = (part: object): part is Table => "table" in part && typeof part.table === "string";

/** What names that stand by themselves are, by the key that holds them. */
const loose: Readonly<Record<string, ParameterKind>> = {
  gate: "gate",
  scale: "vector",
  lengths: "vector",
  constants: "vector",
};

/** Keys under which vectors stand by other words, one or several by each. */
const lists: readonly string[] = ["weights", "headGains"];

/**
 * The parts under a key of a spec that hold parameters which are computed with, each with its key; parts that are not known yet are looked
 * through.
 */
function* partsUnder(key: string, part: unknown): Generator<readonly [key: string, part: unknown]> {
  if (typeof part === "string" && key in loose) yield [key, part];
  if (typeof part !== "object" || part === null || key === "residual") return;
  if (isLinear(part) || isNorm(part) || isTable(part) || lists.includes(key)) yield [key, part];
  else for (const [inner, value] of Object.entries(part)) yield* partsUnder(inner, value);
}

/** The parameters of a part. */
function namesOf(key: string, part: unknown): readonly Named[] {
  if (typeof part !== "object" || part === null) return [[part as string, loose[key]!]];
  if (isLinear(part)) return [[part.weight, "matrix"], [part.bias, "vector"]];
  if (isNorm(part)) return [[part.gain, "vector"], [part.bias, "vector"]];
  if (isTable(part)) return [[part.table, "table"]];
  return Object.values(part).flat().map((name): Named => [name, "vector"]);
}

/**
 * The names that a model, or a part of one, gives its parameters; a checkpoint need not have all of them.
 *
 * @param spec The model, or its stacks alone.
 * @returns What each is. A head that shares the token table is that table.
 */
export function parametersIn(
  { stacks, heads = [], unread = [] }: Pick<ModelSpec, "stacks"> & Partial<ModelSpec>,
): ReadonlyMap<string, ParameterKind> {
  const kinds = new Map<string, ParameterKind>();
  const parts = [...partsUnder("stacks", stacks), ...partsUnder("heads", heads)];
  for (const [name, kind] of parts.flatMap(([key, part]) => namesOf(key, part))) {
    if (name !== "" && !kinds.has(name) && !unread.includes(name)) kinds.set(name, kind);
  }
  return kinds;
}

/** Every norm of a model: of the streams, of entries, inside of branches, and of heads. */
export function normsIn({ stacks, heads }: ModelSpec): readonly NormSpec[] {
  return [...partsUnder("stacks", stacks), ...partsUnder("heads", heads)]
    .map(([, part]) => part)
    .filter((part) => typeof part === "object" && part !== null && isNorm(part));
}

/** The parameters that a checkpoint need not hold: biases, which are 0 then, and gains and scales, which are 1. */
export function optionalIn({ stacks, heads }: ModelSpec): ReadonlySet<string> {
  const parts = [...partsUnder("stacks", stacks), ...partsUnder("heads", heads)];
  return new Set(parts.flatMap(([key, part]) => {
    if (typeof part === "string") return key === "scale" ? [part] : [];
    if (isLinear(part as object)) return [(part as Linear).bias];
    return isNorm(part as object) ? [(part as NormSpec).gain, (part as NormSpec).bias] : [];
  }));
}
