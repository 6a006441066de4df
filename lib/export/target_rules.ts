// What keeps a model from being one of another architecture: rules that are asked in order, from the whole to the head, the first that
// speaks against it is the reason. Those here hold for every decoder of sequential layers; a target adds its own.

import { whyNotPlain } from "../convert/preconditions.ts";
import {
  type Attention,
  type Block,
  type Branch,
  type FeedForward,
  type Head,
  languageHeadOf,
  type Stack,
  writersIn,
} from "../model/spec.ts";
import type { Config } from "../families/family.ts";
import type { Model } from "../families/model.ts";

/** A rule: the reason why it does not hold, or undefined. */
export type Rule<T> = (of: T, model: Model) => string | undefined | false;

/** A layer of a decoder, as a pair. */
export interface Layer {
  /** The branch by which tokens see each other, with its norms. */
  readonly attention: Branch & { readonly sublayer: Attention };
  /** The feed-forward network's branch. */
  readonly network: Branch & { readonly sublayer: FeedForward };
}

/** What an architecture asks besides. */
export interface TargetRules {
  /** What the one stack must be like. */
  readonly stack: readonly Rule<Stack>[];
  /** What attention in every layer must be like. */
  readonly attention: readonly Rule<Attention>[];
  /** Of a feed-forward network. */
  readonly network: readonly Rule<FeedForward>[];
  /** Of its norms, asked last: these can be converted. */
  readonly norms: readonly Rule<Model>[];
  /** What it has one of for all layers, in words. */
  readonly shared: (layer: Layer, model: Model) => string;
}

const modelRules: readonly Rule<Model>[] = [
  ({ spec: { stacks } }) => {
    const names = Object.keys(stacks);
    return names.length !== 1 &&
      `it has ${names.length} stacks (${names.join(", ")}), not one decoder`;
  },
  ({ spec }) => whyNotPlain(spec),
];

const stackRules: readonly Rule<Stack>[] = [
  ({ entry }) => entry.kind !== "tokens" && `it reads ${entry.kind}, not tokens`,
  ({ entry }) =>
    entry.kind === "tokens" && entry.projection !== undefined &&
    `its token embeddings are projected into the stream (${entry.projection.linear.weight})`,
  ({ entryNorm }) =>
    entryNorm && `it has a norm between its embeddings and the first layer (${entryNorm.gain})`,
  ({ recenter }) =>
    recenter &&
    'the mean of its stream is subtracted where the layers start: convert it with tied = "untie"',
  ({ final }) => final === undefined && "it has no norm after its last layer",
  ({ blocks }) => blocks.length === 0 && "it has no layers",
];

const blockRules: readonly Rule<Block>[] = [
  ({ parallel }) => parallel && "its branches are parallel, and have to follow each other",
  ({ branches }) =>
    branches.some(({ norms }) => norms.inner) && "it has norms inside its branches (Sub-LN)",
  ({ branches }) => {
    const found = branches.map(({ sublayer }) => sublayer.kind).join(", ");
    return found !== "attention, feedForward" &&
      `its layers are ${found || "empty"}, not attention, feedForward`;
  },
  ({ branches }, { tensors }) => {
    const scale = branches.flatMap(({ sublayer }) => writersIn(sublayer)).map(({ scale }) => scale)
      .find((name) => name !== undefined && tensors.has(name));
    return scale && `what its branches write is scaled (LayerScale, ${scale})`;
  },
];

const attentionRules: readonly Rule<Attention>[] = [
  ({ memory }) => memory !== undefined && `it attends to ${memory}`,
  ({ causal }) => !causal && "its attention is not causal",
  ({ alibi }) => alibi && "it adds ALiBi to its scores",
  ({ window }) => window !== undefined && `its attention has a window of ${window} keys`,
  ({ clip }) => clip !== undefined && `its queries, keys and values are cut to ± ${clip}`,
  ({ headNorms, headGains, projectionNorms }) =>
    (headNorms ?? headGains ?? projectionNorms) && "its queries and keys have norms of their own",
  ({ softcap }) => softcap !== undefined && `its scores are bent to ± ${softcap}`,
];

const headRules: readonly Rule<readonly Head[]>[] = [
  (heads) => heads.length !== 1 && `it has ${heads.length} heads, not one`,
  ([head], { spec }) => head !== languageHeadOf(spec) && "its head does not predict tokens",
  ([head]) => head!.reads !== "all" && `its head reads ${head!.reads} of the rows, not all`,
  ([head]) => head!.transform && "its head has maps before its matrix",
  ([head]) => head!.scale !== undefined && `its logits are multiplied by ${head!.scale}`,
  ([head]) => head!.softcap !== undefined && `its logits are bent to ± ${head!.softcap}`,
  ([head]) => head!.plusSum && "its head adds the sum of what it reads",
  ([head], { tensors }) =>
    tensors.has(head!.linear.bias) && `its head has a bias (${head!.linear.bias})`,
];

/** The first rule that speaks against something. */
function first<T>(rules: readonly Rule<T>[], of: T, model: Model): string | undefined {
  for (const rule of rules) {
    const reason = rule(of, model);
    if (reason) return reason;
  }
  return undefined;
}

/**
 * Why a model cannot be written as one of another architecture.
 *
 * @param target What that asks besides what every decoder has.
 * @param model The model.
 * @returns The first reason, as a clause; undefined where there is none.
 */
export function whyNot(target: TargetRules, model: Model): string | undefined {
  const { stacks, heads } = model.spec;
  const stack = Object.values(stacks)[0];
  if (stack === undefined) return "it has no stack";
  const whole = first(modelRules, model, model) ??
    first([...stackRules, ...target.stack], stack, model);
  if (whole !== undefined) return whole;
  for (const block of stack.blocks) {
    const [attention, network] = block.branches.map(({ sublayer }) => sublayer);
    const reason = first(blockRules, block, model) ??
      first([...attentionRules, ...target.attention], attention as Attention, model) ??
      first(target.network, network as FeedForward, model);
    if (reason !== undefined) return reason;
  }
  const sizes = stack.blocks.map(({ branches: [attention, network] }) =>
    target.shared({ attention, network } as Layer, model)
  );
  const other = sizes.findIndex((size) => size !== sizes[0]);
  if (other >= 0) {
    return `its layers differ: layer 0 has ${sizes[0]}; layer ${other} has ${sizes[other]}`;
  }
  return first(headRules, heads, model) ?? first(target.norms, model, model);
}

/** What of a configuration is true of a copy in another architecture as well. */
export function carriedSettings(config: Config): Config {
  const keys = ["bos_token_id", "eos_token_id", "pad_token_id", "initializer_range", "characters"];
  return Object.fromEntries(
    keys.filter((key) => config[key] !== undefined).map((key) => [key, config[key]]),
  );
}
