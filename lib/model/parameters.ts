// The parameters of a model by name, each with what it is: what an optimizer needs to know of them, whatever a family calls them.

import type { Attention, Entry, FeedForward, Linear, ModelSpec, NormSpec } from "./spec.ts";

/** What a parameter is: a linear map's matrix, a table of embeddings, a bias or gain, a GPAS gate. */
export type ParameterKind = "matrix" | "table" | "vector" | "gate";

type Named = readonly [name: string, kind: ParameterKind];

function ofLinear({ weight, bias }: Linear): Named[] {
  return [[weight, "matrix"], [bias, "vector"]];
}

function ofNorm(norm: NormSpec | undefined): Named[] {
  return norm === undefined ? [] : [[norm.gain, "vector"], [norm.bias, "vector"]];
}

function ofEntry(entry: Entry): Named[] {
  const positions: Named[] = entry.positions ? [[entry.positions.table, "table"]] : [];
  switch (entry.kind) {
    case "tokens":
      return [[entry.tokens.table, "table"], ...positions];
    case "patches": {
      const tables = [...entry.before, ...(entry.registers ? [entry.registers] : [])];
      const named = tables.map(({ table }): Named => [table, "table"]);
      return [...ofLinear(entry.patches), ...named, ...positions];
    }
    case "audio":
      return [...ofLinear(entry.first), ...ofLinear(entry.second), ...positions];
  }
}

function ofSublayer(sublayer: Attention | FeedForward): Named[] {
  const { linear, scale } = sublayer.output;
  const written: Named[] = [...ofLinear(linear), ...(scale ? [[scale, "vector"] as const] : [])];
  if (sublayer.kind === "feedForward") {
    const { up, gate } = sublayer;
    return [up, ...(gate ? [gate] : [])].flatMap(ofLinear).concat(written);
  }
  const { projections, headNorms } = sublayer;
  const maps = "qkv" in projections
    ? [projections.qkv]
    : [projections.q, projections.k, projections.v];
  return [...maps.flatMap(ofLinear), ...ofNorm(headNorms?.q), ...ofNorm(headNorms?.k), ...written];
}

/**
 * The names that a model gives its parameters; a checkpoint need not have all of them.
 *
 * @param spec The model.
 * @returns What each is, in the order of computation. A head that shares the token table is that table.
 */
export function parametersIn(spec: ModelSpec): ReadonlyMap<string, ParameterKind> {
  const ofStacks = Object.values(spec.stacks).flatMap(({ entry, entryNorm, blocks, final }) => [
    ...ofEntry(entry),
    ...ofNorm(entryNorm),
    ...blocks.flatMap(({ branches }) => branches).flatMap(({ norms, sublayer, gate, weights }) => [
      ...Object.values(norms).flatMap(ofNorm),
      ...ofSublayer(sublayer),
      ...Object.values(weights ?? {}).map((name): Named => [name, "vector"]),
      ...(gate === undefined ? [] : [[gate, "gate"] as const]),
    ]),
    ...ofNorm(final),
  ]);
  const kinds = new Map<string, ParameterKind>();
  const heads = spec.heads.flatMap(({ linear }) => ofLinear(linear));
  for (const [name, kind] of [...ofStacks, ...heads]) {
    if (name !== "" && !kinds.has(name)) kinds.set(name, kind);
  }
  return kinds;
}
