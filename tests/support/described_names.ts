// Every name of a tensor that a description has.

import {
  type Branch,
  type Entry,
  type Linear,
  type ModelSpec,
  networksOf,
  type NormSpec,
  routersOf,
  type Stack,
} from "../../lib/model/spec.ts";

/** Names of tensors that a checkpoint has to hold, and of those that it may. */
export interface DescribedNames {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

const linear = ({ weight, bias }: Linear): DescribedNames => ({
  required: [weight],
  optional: [bias],
});

const norm = ({ gain, bias }: NormSpec): DescribedNames => ({ required: [gain], optional: [bias] });

function sublayerNames(sublayer: Branch["sublayer"]): DescribedNames[] {
  if (sublayer.kind === "experts") {
    return [...routersOf(sublayer).map(linear), ...networksOf(sublayer).flatMap(sublayerNames)];
  }
  const { linear: written, scale } = sublayer.output;
  const maps = sublayer.kind === "feedForward"
    ? [sublayer.up, ...(sublayer.gate === undefined ? [] : [sublayer.gate])]
    : "qkv" in sublayer.projections
    ? [sublayer.projections.qkv]
    : [sublayer.projections.q, sublayer.projections.k, sublayer.projections.v];
  const heads = sublayer.kind === "attention"
    ? [sublayer.headNorms, sublayer.projectionNorms].flatMap((pair) => Object.values(pair ?? {}))
    : [];
  const gains = sublayer.kind === "attention" ? Object.values(sublayer.headGains ?? {}).flat() : [];
  const relative = sublayer.kind === "attention" ? sublayer.relative : undefined;
  return [
    ...heads.map(norm),
    ...(relative === undefined ? [] : [{ required: [relative.table.table], optional: [] }]),
    ...(relative?.gate === undefined ? [] : [
      linear(relative.gate.linear),
      { required: [relative.gate.constants], optional: [] },
    ]),
    { required: gains, optional: [] },
    ...[...maps, written].map(linear),
    { required: scale === undefined ? [] : [scale], optional: [] },
  ];
}

function branch({ norms, sublayer, gate }: Branch): DescribedNames[] {
  return [
    ...Object.values(norms).map(norm),
    ...sublayerNames(sublayer),
    { required: gate === undefined ? [] : [gate], optional: [] },
  ];
}

function stack({ entry, entryNorm, blocks, final }: Stack): DescribedNames[] {
  const norms = [entryNorm, final].filter((site) => site !== undefined).map(norm);
  return [...start(entry), ...norms, ...blocks.flatMap(({ branches }) => branches.flatMap(branch))];
}

function start(entry: Entry): DescribedNames[] {
  const tables = (names: readonly string[]): DescribedNames => ({ required: names, optional: [] });
  switch (entry.kind) {
    case "tokens":
      return [
        tables(
          [entry.tokens, entry.positions, entry.segments].flatMap((one) => one?.table ?? []),
        ),
        ...(entry.projection === undefined ? [] : [linear(entry.projection.linear)]),
      ];
    case "patches": {
      const { before, registers, positions, mask, patches } = entry;
      const all = [...before, registers, positions, mask].flatMap((one) => one?.table ?? []);
      return [tables(all), linear(patches)];
    }
    case "audio": {
      const { convolutions, positionConvolutions = [], projection, positions } = entry;
      return [
        tables(positions === undefined ? [] : [positions.table]),
        ...[...convolutions, ...positionConvolutions].flatMap((one) => [
          linear(one.linear),
          tables(one.lengths === undefined ? [] : [one.lengths]),
          ...(one.norm === undefined ? [] : [norm(one.norm)]),
        ]),
        ...(projection === undefined ? [] : [linear(projection)]),
        ...(entry.norm === undefined ? [] : [norm(entry.norm)]),
      ];
    }
    case "patches-and-tokens":
      return [...start(entry.patches), ...start(entry.tokens)];
  }
}

/** The names in a description, each once; without the empty name, which stands for none. */
export function namesOf({ stacks, heads }: ModelSpec): DescribedNames {
  const all = [
    ...Object.values(stacks).flatMap(stack),
    ...heads.flatMap(({ linear: map, norm: before, transform, pool }) => [
      linear(map),
      ...(before === undefined ? [] : [norm(before)]),
      ...(transform === undefined ? [] : [linear(transform.linear)]),
      ...(transform?.norm === undefined ? [] : [norm(transform.norm)]),
      ...(pool === undefined ? [] : [
        { required: [pool.probe.table], optional: [] },
        norm(pool.norm),
        ...[pool.attention, pool.network].flatMap(sublayerNames),
      ]),
    ]),
  ];
  const once = (names: readonly string[]): string[] =>
    [...new Set(names)].filter((name) => name !== "");
  return {
    required: once(all.flatMap(({ required }) => required)),
    optional: once(all.flatMap(({ optional }) => optional)),
  };
}
