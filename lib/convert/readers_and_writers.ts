// Which matrices read a model's residual streams, through which norms, and which write to them: all that conversions act on.

import {
  type Attention,
  type Branch,
  entriesOf,
  givesFinals,
  type Head,
  type Linear,
  type ModelSpec,
  networksOf,
  type NormSpec,
  readerOf,
  routersOf,
  type SingleEntry,
  type Stack,
  streamNormOf,
  type Writer,
  writersIn,
} from "../model/spec.ts";
import type { Model } from "../families/model.ts";
import type { StreamAxis } from "./lazy_matrix.ts";

/** A norm of a residual stream with the matrices that read its output. */
export interface NormWithReaders {
  /** The stack whose stream it normalizes. */
  readonly stack: string;
  readonly norm: NormSpec;
  readonly readers: readonly Linear[];
  /** Whether it is the norm after the last layer. */
  readonly final: boolean;
  /** Whether what it gives is an output of the model itself. */
  readonly output: boolean;
}

/** The axis of a reading matrix that meets the stream. */
export function readingAxis({ layout }: Linear): StreamAxis {
  return layout === "out-in" ? "columns" : "rows";
}

/** The axis of a writing matrix that meets the stream. */
export function writingAxis({ layout }: Linear): StreamAxis {
  return layout === "out-in" ? "rows" : "columns";
}

function queries({ projections }: Attention): Linear[] {
  return "qkv" in projections ? [projections.qkv] : [projections.q];
}

function keysAndValues({ projections }: Attention): Linear[] {
  return "qkv" in projections ? [] : [projections.k, projections.v];
}

/** The matrices of a sub-layer that read its own stream. */
export function ownReaders(sublayer: Branch["sublayer"]): Linear[] {
  if (sublayer.kind === "experts") {
    return [...routersOf(sublayer), ...networksOf(sublayer).flatMap(ownReaders)];
  }
  if (sublayer.kind === "feedForward") {
    return [sublayer.up, ...(sublayer.gate === undefined ? [] : [sublayer.gate])];
  }
  const own = queries(sublayer);
  return sublayer.memory === undefined ? [...own, ...keysAndValues(sublayer)] : own;
}

/** Matrices of other stacks that read the final norm of one. */
function memoryReaders(spec: ModelSpec, stack: string): Linear[] {
  return Object.values(spec.stacks).flatMap(({ blocks }) =>
    blocks.flatMap(({ branches }) =>
      branches.flatMap(({ sublayer }) =>
        sublayer.kind === "attention" && sublayer.memory === stack ? keysAndValues(sublayer) : []
      )
    )
  );
}

/** Whether a gate reads what a norm gives head by head with one map, into which no gain can go: the norm stays as it is then. */
export function isGated({ sublayer }: Branch): boolean {
  return sublayer.kind === "attention" && sublayer.relative?.gate !== undefined;
}

/** The norms of one stack, those that branches share once. */
function sitesOf(spec: ModelSpec, name: string, stack: Stack): NormWithReaders[] {
  const blocks = stack.blocks.flatMap(({ branches }) => {
    const sites: NormWithReaders[] = [];
    for (const branch of branches) {
      const norm = streamNormOf(branch);
      if (norm === undefined) continue;
      const readers = isGated(branch) ? [] : ownReaders(branch.sublayer);
      // a parallel block's branches may share a norm: the same parameters, or the same place
      const shared = sites.find((site) =>
        site.norm === norm || (norm.gain !== "" && site.norm.gain === norm.gain)
      );
      if (shared === undefined) {
        sites.push({ stack: name, norm, readers, final: false, output: false });
      } else sites[sites.indexOf(shared)] = { ...shared, readers: [...shared.readers, ...readers] };
    }
    return sites;
  });
  if (stack.final === undefined) return blocks;
  const heads = spec.heads.filter((head: Head) => head.stack === name);
  // the matrix of a pool multiplies its query too, which no norm gave, and a norm sees sizes: what they read stays as it is
  const isKept = heads.some(({ pool, norm }) => pool !== undefined || norm !== undefined);
  const readers = isKept ? [] : [...heads.map(readerOf), ...memoryReaders(spec, name)];
  const output = givesFinals(spec);
  return [...blocks, { stack: name, norm: stack.final, readers, final: true, output }];
}

/**
 * Every norm of every stream, with its readers.
 *
 * @param description The model.
 * @returns The sites, in the order of computation.
 */
export function normsWithReaders(spec: ModelSpec): NormWithReaders[] {
  return Object.entries(spec.stacks).flatMap(([name, stack]) => sitesOf(spec, name, stack));
}

/** What the layers of a stack write with. */
export function writersOf({ blocks }: Stack): Writer[] {
  return blocks.flatMap(({ branches }) => branches.flatMap(({ sublayer }) => writersIn(sublayer)));
}

/** What an entry of a stream is made of. */
interface EntryParts {
  /** The tables of vectors. */
  readonly tables: readonly string[];
  /** The linear maps. */
  readonly linears: readonly Linear[];
}

function partsOf(entry: SingleEntry): EntryParts {
  switch (entry.kind) {
    case "tokens": {
      const { tokens, projection, positions, segments } = entry;
      const tables = [projection ? undefined : tokens, positions, segments];
      return {
        tables: tables.flatMap((one) => one?.table ?? []),
        linears: projection ? [projection.linear] : [],
      };
    }
    case "patches": {
      const { before, registers, positions, mask, patches } = entry;
      const tables = [...before, registers, positions, mask];
      return { tables: tables.flatMap((one) => one?.table ?? []), linears: [patches] };
    }
    case "audio":
      return { tables: entry.positions === undefined ? [] : [entry.positions.table], linears: [] };
  }
}

/** The tables of vectors and the linear maps that a stream starts from. */
export function entryOf(stack: Stack): EntryParts {
  const parts = entriesOf(stack).map(partsOf);
  return {
    tables: parts.flatMap(({ tables }) => tables),
    linears: parts.flatMap(({ linears }) => linears),
  };
}

/** The readers whose bias the checkpoint does not hold and which would need one. */
export function missingBiases({ tensors }: Model, { norm, readers }: NormWithReaders): string[] {
  return tensors.has(norm.bias)
    ? readers.map(({ bias }) => bias).filter((bias) => !tensors.has(bias))
    : [];
}
