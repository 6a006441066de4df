// The account of a checkpoint: what its model's description names and the file lacks, and what the file has and nothing reads. It is
// made whenever a model is described, before anything is read, so that a gain that is missing is never 1 without a word.

import { floatDTypes } from "../checkpoint/dtype.ts";
import type { TensorSource } from "../checkpoint/tensors.ts";
import { excerpt } from "../core/excerpt.ts";
import { normsIn, optionalIn, parametersIn } from "../model/parameters.ts";
import { mapNorms, type ModelSpec, readerOf, type Stack } from "../model/spec.ts";
import type { Config } from "./family.ts";
import { architectureOf, predictsTokens } from "./heads.ts";

/** What a checkpoint has beside its model's description, and lacks of it. */
export interface Account {
  /** Parameters that are missing, each with the reason why it cannot do without. */
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  /** Tensors that nothing described reads, apart from buffers that are computed anew. */
  readonly unused: readonly string[];
}

/** A described model, or what one is made of. */
interface Described {
  readonly spec: ModelSpec;
  readonly config: Config;
  readonly tensors: TensorSource;
}

/** Masks, tables of angles and places that engines compute anew, and counters. */
const buffers: readonly RegExp[] = [
  /(?:^|\.)(?:\w*inv_freq|position_ids|token_type_ids|num_batches_tracked|relative_position_index)$/,
  /(?:^|\.)(?:masked_bias|(?:\w+_)?mask|cos_cached|sin_cached)$/,
];

/** Causal masks, [1, 1, T, T], which are called like a bias. */
const mask = /(?:^|\.)attn?(?:ention)?\.(?:\w+\.)?bias$/;

function isBuffer(tensors: TensorSource, name: string): boolean {
  return buffers.some((known) => known.test(name)) ||
    (mask.test(name) && tensors.info(name).shape.length === 4);
}

/** A name without the number of its layer. */
function kindOf(name: string): string {
  return name.replaceAll(/(?<=^|\.)\d+(?=\.|$)/g, "*");
}

/** Whether a tensor's axes let it read or write a stream. */
function meetsStream({ spec, tensors }: Described, name: string): boolean {
  const widths = Object.values(spec.stacks).map(({ width }) => width);
  const { dtype, shape } = tensors.info(name);
  const meets = (length: number): boolean =>
    length > 0 && widths.some((width) => length % width === 0);
  return !/^(?:BOOL|[IU])/.test(dtype) && shape.some(meets);
}

/** Why something may not be missing. */
const described = "its config.json has it";
const untiedHead = "config.json says that the head is not the token table; if it is, " +
  "tie_word_embeddings must be true";

/** Names that layers have, of which one lacks what others of its kind have. */
function besideSiblings({ tensors }: Described, names: Iterable<string>): Account["absent"] {
  const present = new Map<string, string>();
  for (const name of names) if (tensors.has(name)) present.set(kindOf(name), name);
  return [...names].filter((name) => !tensors.has(name)).flatMap((name) => {
    const sibling = present.get(kindOf(name));
    return sibling === undefined ? [] : [{ name, reason: `it has ${sibling}` }];
  });
}

/** The norms of a stack's stream. */
function norms({ entryNorm, blocks, final }: Stack): readonly { readonly bias: string }[] {
  const ofBranches = blocks.flatMap(({ branches }) =>
    branches.flatMap(({ norms: { inner: _, ...ofStream } }) => Object.values(ofStream))
  );
  return [entryNorm, ...ofBranches, final].filter((norm) => norm !== undefined);
}

/** The gains of norms that conversions fold. */
function streamGains(spec: ModelSpec): string[] {
  const found: string[] = [];
  mapNorms(spec, (norm) => {
    found.push(norm.gain);
    return norm;
  });
  return found;
}

/** Gains that are nowhere, and biases of norms that others of their stack have, where no conversion took them away. */
function absentOfNorms({ spec, config, tensors }: Described): Account["absent"] {
  const isConverted = config["normkit"] !== undefined;
  const folded = new Set(isConverted ? streamGains(spec) : []);
  const gains = normsIn(spec)
    .filter(({ gain }) => gain !== "" && !tensors.has(gain) && !folded.has(gain));
  const biases = isConverted ? [] : Object.values(spec.stacks).flatMap((stack) => {
    const names = norms(stack).map(({ bias }) => bias).filter((bias) => bias !== "");
    const present = names.find((name) => tensors.has(name));
    if (present === undefined) return [];
    return names.filter((name) => !tensors.has(name))
      .map((name) => ({ name, reason: `it has ${present}` }));
  });
  const unsaid = "config.json does not say that norms have no gain";
  return [...gains.map(({ gain }) => ({ name: gain, reason: unsaid })), ...biases];
}

/** Architectures that have a head. */
const headed = /For[A-Z]|LMHead|DoubleHeads|WithProjection/;

/** Matrices of heads that are nowhere although the configuration has them. */
function absentHeads(model: Described, unknown: readonly string[]): Account["absent"] {
  const { spec, config, tensors } = model;
  const readsTokens = Object.values(spec.stacks).some(({ entry }) => entry.kind === "tokens");
  // what images and sounds are trained on first is no language
  const isLanguage = predictsTokens(config) &&
    (readsTokens || !architectureOf(config).endsWith("PreTraining"));
  const architectures = String(config["architectures"] ?? "");
  const isHeadless = spec.bare === true || spec.heads.length === 0;
  if (isHeadless && headed.test(architectures) && (isLanguage || unknown.length === 0)) {
    return [{ name: "matrix of a head", reason: `config.json says ${excerpt(architectures)}` }];
  }
  const untied = spec.untied?.weight;
  return spec.heads.flatMap((head) => {
    const { weight } = head.linear;
    if (weight === untied && !isLanguage) return []; // of a body
    return [readerOf(head).weight, weight].filter((name) => !tensors.has(name))
      .map((name) => ({ name, reason: name === untied ? untiedHead : described }));
  });
}

/**
 * Holds a checkpoint against the description of its model.
 *
 * @param model The description, the configuration that it was made by, and the tensors.
 * @returns What is missing, and what nothing reads.
 */
export function accountOf(model: Described): Account {
  const { spec, tensors } = model;
  const kinds = parametersIn(spec);
  const optional = optionalIn(spec);
  const ofHeads = new Set(
    spec.heads.flatMap((head) => [head.linear.weight, readerOf(head).weight]),
  );
  const needed = [...kinds].filter(([name, kind]) =>
    !optional.has(name) && !tensors.has(name) && (kind === "table" || !ofHeads.has(name))
  ).map(([name]) => ({ name, reason: described }));
  const { weight, bias } = spec.untied ?? {};
  const known = new Set([...kinds.keys(), weight, bias, ...spec.unread ?? []]);
  const unused = tensors.names.filter((name) => !known.has(name) && !isBuffer(tensors, name));
  const absent = [
    ...needed,
    ...besideSiblings(model, optional),
    ...absentOfNorms(model),
    ...absentHeads(model, unused.filter((name) => meetsStream(model, name))),
  ].filter(({ name }, at, all) => all.findIndex((other) => other.name === name) === at);
  return { absent, unused };
}

/**
 * The tensors that may read or write a stream in a way that is not described: unused numbers with an axis as long as a stream is wide, or
 * several beside each other.
 *
 * @param model The described model.
 * @returns Their names.
 */
export function unknownReaders(model: Described): readonly string[] {
  return accountOf(model).unused.filter((name) => meetsStream(model, name));
}

/** Requires that what is computed with holds numbers, not codes of a quantization. */
function requireFloats({ spec, tensors }: Described): void {
  for (const name of parametersIn(spec).keys()) {
    if (!tensors.has(name)) continue;
    const { dtype } = tensors.info(name);
    if (!floatDTypes.includes(dtype)) {
      throw new RangeError(
        `Cannot compute with ${name}: it is stored as ${dtype}, and must be one of ${
          floatDTypes.join(", ")
        }; dequantize the model in the library that quantized it, and save it again`,
      );
    }
  }
}

/** Refuses layers that a checkpoint has beyond those of the configuration. */
function requireNoMoreLayers({ spec }: Described, { unused }: Account): void {
  const described = new Map([...parametersIn(spec).keys()].map((name) => [kindOf(name), name]));
  const layer = unused.find((name) => described.has(kindOf(name)));
  if (layer === undefined) return;
  throw new RangeError(
    `Cannot use this config.json: the checkpoint has ${layer}, and config.json has fewer layers, the last with ${
      described.get(kindOf(layer))
    }; give it the number of layers of the checkpoint`,
  );
}

/**
 * Requires that a checkpoint has what its model's description names, as numbers, and no layer more.
 *
 * @param model The description, the configuration that it was made by, and the tensors.
 * @throws {RangeError} If a parameter is missing or quantized, or the configuration has fewer layers than the checkpoint.
 */
export function requireAccount(model: Described): void {
  const account = accountOf(model);
  const [first, ...others] = account.absent;
  if (first !== undefined) {
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    throw new RangeError(
      `Cannot use this checkpoint: it has no ${first.name}${more}, and ${first.reason}`,
    );
  }
  requireFloats(model);
  requireNoMoreLayers(model, account);
}
