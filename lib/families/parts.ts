// What descriptions of families are put together from.

import type {
  Activation,
  Attention,
  Branch,
  Description,
  Entry,
  Head,
  Linear,
  NormSite,
  Stack,
} from "./description.ts";
import type { Config } from "./family.ts";
import { flagIn } from "./settings.ts";

/** A linear map under a path, `path.weight` and `path.bias`. */
export function linearAt(path: string, layout: Linear["layout"] = "out-in"): Linear {
  return { weight: `${path}.weight`, bias: `${path}.bias`, layout };
}

/** A LayerNorm under a path. */
export function layerNormAt(path: string, eps: number): NormSite {
  return { kind: "layer", eps, gain: `${path}.weight`, bias: `${path}.bias` };
}

/** An RMSNorm under a path. */
export function rmsNormAt(path: string, eps: number): NormSite {
  return { kind: "rms", eps, gain: `${path}.weight`, bias: `${path}.bias` };
}

/** Layers 0, 1, …, each made by a function. */
export function layersOf<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Token embeddings, and learned positions where there are some. */
export function tokenEntry(
  tokens: string,
  options: { readonly positions?: string; readonly offset?: number; readonly scale?: number } = {},
): Entry {
  const { positions, offset = 0, scale = 1 } = options;
  return {
    kind: "tokens",
    tokens: { table: tokens },
    scale,
    ...(positions === undefined ? {} : { positions: { table: positions } }),
    offset,
  };
}

/** The prefix of a model's names: the first whose table is there, else the first. */
export function prefixOf(
  has: (name: string) => boolean,
  table: string,
  prefixes: readonly string[],
): string {
  return prefixes.find((prefix) => has(`${prefix}${table}`)) ?? prefixes[0]!;
}

/** A language model's head: its own matrix, or the token table. */
export function languageHead(
  config: Config,
  table: string,
  options: { readonly path?: string; readonly tied?: boolean; readonly stack?: string } = {},
): { readonly heads: readonly Head[]; readonly untied: Linear } {
  const { path = "lm_head", stack = "decoder" } = options;
  const untied = linearAt(path);
  const tied = flagIn(config, "tie_word_embeddings", options.tied ?? true);
  const linear = tied ? { ...untied, weight: table } : untied;
  return { heads: [{ linear, stack, reads: "all" }], untied };
}

/** A language model of one stack, with what a family says of it. */
export function languageModel(
  config: Config,
  model: Omit<Stack, "recenter"> & {
    /** The token table's name. */
    readonly table: string;
    /** The head's path, and whether it is the table where the configuration does not say. */
    readonly head?: { readonly path?: string; readonly tied?: boolean };
  },
): Description {
  const { table, head, ...stack } = model;
  return {
    stacks: { decoder: { ...stack, recenter: false } },
    ...languageHead(config, table, head),
  };
}

/** Query, key and value projections of their own under a path. */
export function projectionsAt(
  path: string,
  names: readonly [q: string, k: string, v: string] = ["q_proj", "k_proj", "v_proj"],
): { readonly q: Linear; readonly k: Linear; readonly v: Linear } {
  const [q, k, v] = names.map((name) => linearAt(`${path}.${name}`)) as [Linear, Linear, Linear];
  return { q, k, v };
}

/** Attention behind a norm: causal, as many key-value heads as heads, scores divided by the root of a head's width, unless told. */
export function attentionBranch(
  norm: NormSite,
  { output, ...attention }:
    & Pick<Attention, "projections" | "heads" | "headWidth">
    & Partial<Omit<Attention, "kind" | "output">>
    & { readonly output: Linear },
): Branch {
  const { heads, headWidth } = attention;
  return {
    norm,
    sublayer: {
      kind: "attention",
      keyValueHeads: heads,
      scale: headWidth ** -0.5,
      causal: true,
      ...attention,
      output: { linear: output },
    },
  };
}

/** A feed-forward network without a gate behind a norm. */
export function networkBranch(
  norm: NormSite,
  network: { readonly up: Linear; readonly output: Linear; readonly activation: Activation },
): Branch {
  const { up, output, activation } = network;
  return { norm, sublayer: { kind: "feedForward", up, output: { linear: output }, activation } };
}

/** The configuration of a transformers model whose head no longer shares the token table. */
export function untieWordEmbeddings(config: Config): Config {
  return { ...config, tie_word_embeddings: false };
}

/** ALiBi's slopes of BLOOM and Falcon: geometric, the missing ones of a power of two taken from between. */
export function alibiSlopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const series = (count: number): number[] =>
    layersOf(count, (index) => 2 ** (-8 * (index + 1) / count));
  const between = series(2 * power).filter((_, index) => index % 2 === 0);
  return [...series(power), ...between.slice(0, heads - power)];
}
