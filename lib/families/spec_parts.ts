// Parts of specs that several families have: stacks, heads and entries from the keys of a configuration.

import type {
  ActivationName,
  Attention,
  Block,
  Branch,
  Entry,
  FeedForward,
  Head,
  Linear,
  ModelSpec,
  NormSpec,
  Stack,
} from "../model/spec.ts";
import { networksOf, routersOf } from "../model/spec.ts";
import type { Residual } from "../residual/types.ts";
import { preLn } from "../residual/variants.ts";
import type { Config, Has } from "./family.ts";
import { flagIn } from "./settings.ts";

/** A linear map under a path, `path.weight` and `path.bias`. */
export function linearAt(path: string, layout: Linear["layout"] = "out-in"): Linear {
  return { weight: `${path}.weight`, bias: `${path}.bias`, layout };
}

/** A LayerNorm under a path. */
export function layerNormAt(path: string, eps: number): NormSpec {
  return { kind: "layer", eps, gain: `${path}.weight`, bias: `${path}.bias` };
}

/** An RMSNorm under a path. */
export function rmsNormAt(path: string, eps: number): NormSpec {
  return { kind: "rms", eps, gain: `${path}.weight`, bias: `${path}.bias` };
}

/** The matrices of queries, keys and values. */
function projectionsOf({ projections }: Attention): Linear[] {
  if ("qkv" in projections) return [projections.qkv];
  return [projections.q, projections.k, projections.v];
}

/** The linear maps of a network. */
function networkLinears({ up, gate, output }: FeedForward): Linear[] {
  return gate === undefined ? [up, output.linear] : [up, gate, output.linear];
}

/** The linear maps of a layer. */
function linearsOf({ branches }: Block): Linear[] {
  return branches.flatMap(({ sublayer }) => {
    if (sublayer.kind === "experts") {
      return [...routersOf(sublayer), ...networksOf(sublayer).flatMap(networkLinears)];
    }
    const { output: { linear } } = sublayer;
    if (sublayer.kind === "attention") return [...projectionsOf(sublayer), linear];
    return networkLinears(sublayer);
  });
}

/**
 * Layers 0, 1, …, each made by a function. What a configuration says of their number is not believed before their weights are found.
 *
 * @param count How many the configuration has.
 * @param has Whether the checkpoint has a tensor of a name.
 * @param make Makes a layer.
 * @returns The layers.
 * @throws {RangeError} If the checkpoint lacks the matrix of a layer.
 */
export function layersOf(
  count: number,
  has: Has,
  make: (index: number) => Block,
): Block[] {
  const layers: Block[] = [];
  for (let index = 0; index < count; index++) {
    const layer = make(index);
    const missing = linearsOf(layer).find(({ weight }) => !has(weight));
    if (missing !== undefined) {
      const why = index === 0
        ? "config.json is another model's, or a part of the checkpoint is missing, such as one side of an encoder and a decoder"
        : "config.json has layers too many, or is another model's, or a part of the checkpoint is missing";
      throw new RangeError(
        `Cannot use a model of ${count} layers: the checkpoint has no ${missing.weight}; ${why}`,
      );
    }
    layers.push(layer);
  }
  return layers;
}

type TokenEntry = Extract<Entry, { readonly kind: "tokens" }>;

/** Token embeddings, with learned positions and segments by the names of their tables where there are some. */
export function tokenEntry(
  tokens: string,
  options:
    & Partial<
      Pick<
        TokenEntry,
        "offset" | "padding" | "scale" | "projection" | "source" | "masked" | "sinusoids"
      >
    >
    & { readonly positions?: string; readonly segments?: string } = {},
): Entry {
  const { positions, segments, ...others } = options;
  return {
    kind: "tokens",
    tokens: { table: tokens },
    scale: 1,
    offset: 0,
    ...others,
    ...(positions === undefined ? {} : { positions: { table: positions } }),
    ...(segments === undefined ? {} : { segments: { table: segments } }),
  };
}

/** The prefix of a model's names: the first whose table is there, else the first. */
export function prefixOf(
  has: Has,
  table: string,
  prefixes: readonly string[],
): string {
  return prefixes.find((prefix) => has(`${prefix}${table}`)) ?? prefixes[0]!;
}

/** In what heads of language models differ. */
export interface LanguageHeadOptions extends Pick<Head, "transform"> {
  /** The path of its own matrix; `lm_head` by default. */
  readonly path?: string;
  /** The name of its bias; that of the path by default. */
  readonly bias?: string;
  /** Whether it is the table where the configuration does not say; true by default. */
  readonly tied?: boolean;
  /** The stack that it reads; `decoder` by default. */
  readonly stack?: string;
}

/** A language model's head: its own matrix, or the token table. */
export function languageHead(
  config: Config,
  table: string,
  options: LanguageHeadOptions = {},
): { readonly heads: readonly Head[]; readonly untied: Linear } {
  const { path = "lm_head", bias, stack = "decoder", transform } = options;
  const untied = { ...linearAt(path), ...(bias === undefined ? {} : { bias }) };
  const tied = flagIn(config, "tie_word_embeddings", options.tied ?? true);
  const linear = tied ? { ...untied, weight: table } : untied;
  const before = transform === undefined ? {} : { transform };
  return { heads: [{ linear, stack, reads: "all", ...before }], untied };
}

/** A language model of one stack, Pre-LN unless told, with what a family says of it. */
export function languageModel(
  config: Config,
  model: Omit<Stack, "recenter" | "residual"> & {
    /** How sub-layers join the stream. */
    readonly residual?: Residual;
    /** The token table's name. */
    readonly table: string;
    /** In what the head differs. */
    readonly head?: LanguageHeadOptions;
  },
): ModelSpec {
  const { table, head, ...stack } = model;
  return {
    stacks: { [head?.stack ?? "decoder"]: { residual: preLn, ...stack, recenter: false } },
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

/** A sub-layer with the norms around it. */
export function branch(norms: Branch["norms"], sublayer: Branch["sublayer"]): Branch {
  if (sublayer.kind !== "attention") return { role: "feedForward", norms, sublayer };
  const role = sublayer.memory === undefined ? "attention" : "crossAttention";
  return { role, norms, sublayer };
}

/** Attention: causal, as many key-value heads as heads, scores divided by the root of a head's width, unless told. */
export function attentionOf({ output, ...attention }:
  & Pick<Attention, "projections" | "heads" | "headWidth">
  & Partial<Omit<Attention, "kind" | "output">>
  & { readonly output: Linear }): Attention {
  const { heads, headWidth } = attention;
  return {
    kind: "attention",
    keyValueHeads: heads,
    scale: headWidth ** -0.5,
    causal: true,
    ...attention,
    output: { linear: output },
  };
}

/** Attention behind a norm (Pre-LN). */
export function attentionBranch(
  norm: NormSpec,
  attention: Parameters<typeof attentionOf>[0],
): Branch {
  return branch({ input: norm }, attentionOf(attention));
}

/** A feed-forward network without a gate. */
export function networkOf(
  { up, output, activation }: {
    readonly up: Linear;
    readonly output: Linear;
    readonly activation: ActivationName;
  },
): FeedForward {
  return { kind: "feedForward", up, output: { linear: output }, activation };
}

/** A feed-forward network without a gate behind a norm (Pre-LN). */
export function networkBranch(
  norm: NormSpec,
  network: Parameters<typeof networkOf>[0],
): Branch {
  return branch({ input: norm }, networkOf(network));
}

/** The configuration of a transformers model whose head no longer shares the token table. */
export function untieWordEmbeddings(config: Config): Config {
  return { ...config, tie_word_embeddings: false };
}

/** ALiBi's slopes of BLOOM and Falcon: geometric, the missing ones of a power of two taken from between. */
export function alibiSlopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const series = (count: number): number[] =>
    Array.from({ length: count }, (_, index) => 2 ** (-8 * (index + 1) / count));
  const between = series(2 * power).filter((_, index) => index % 2 === 0);
  return [...series(power), ...between.slice(0, heads - power)];
}
