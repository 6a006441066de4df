// What of a model has no place in LlamaForCausalLM: the first reason that is found, from the norms to the head.

import { whyNotPlain } from "../convert/preconditions.ts";
import { normsWithReaders } from "../convert/readers_and_writers.ts";
import type { Attention, Branch, FeedForward, Head, Stack } from "../model/spec.ts";
import type { Model } from "../families/model.ts";

/** A rule: the reason why it does not hold, or undefined. */
type Rule<T> = (of: T, model: Model) => string | undefined | false;

/** A layer of a decoder, as a pair. */
interface Layer {
  readonly at: number;
  readonly attention: Branch & { readonly sublayer: Attention };
  readonly network: Branch & { readonly sublayer: FeedForward };
}

const kinds = {
  "layer": 'its norms are LayerNorms: convert it to "pre-rmsnorm" first',
  "crms":
    'its norms are CRMSNorms, of a stream without its last value: convert it to "pre-rmsnorm"',
  "crms-padded": "its norms are CRMSNorms whose last lane is padding",
  "rms-offset": "its norms multiply by 1 + gain",
} as const;

/** What speaks against the whole model. */
const modelRules: readonly Rule<Model>[] = [
  ({ spec: { stacks } }) => {
    const names = Object.keys(stacks);
    return names.length !== 1 &&
      `it has ${names.length} stacks (${names.join(", ")}), not one decoder`;
  },
  ({ spec }) => whyNotPlain(spec),
  ({ spec }) => {
    const wrong = normsWithReaders(spec).map(({ norm }) => norm.kind).find((kind) =>
      kind !== "rms"
    );
    return wrong !== undefined && kinds[wrong];
  },
  ({ spec, tensors }) => {
    const biased = normsWithReaders(spec).find(({ norm }) => tensors.has(norm.bias));
    return biased &&
      `its norms have biases (${biased.norm.bias}): convert it to "weightless" first`;
  },
  ({ spec }) => {
    const all = [...new Set(normsWithReaders(spec).map(({ norm }) => norm.eps))];
    return all.length > 1 && `its norms have several ε (${all.join(", ")}), and Llama has one`;
  },
];

/** What speaks against its stack. */
const stackRules: readonly Rule<Stack>[] = [
  ({ entry }) => entry.kind !== "tokens" && `it reads ${entry.kind}, not tokens`,
  ({ entry }) =>
    entry.kind === "tokens" && entry.positions !== undefined &&
    `it adds learned positions (${entry.positions.table}) to its token embeddings`,
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

/** What speaks against a layer as a whole. */
const blockRules: readonly Rule<Stack["blocks"][number]>[] = [
  ({ parallel }) => parallel && "its branches are parallel, and Llama's follow each other",
  ({ branches }) =>
    branches.some(({ norms }) => norms.inner) && "it has norms inside its branches (Sub-LN)",
  ({ branches }) => {
    const found = branches.map(({ sublayer }) => sublayer.kind).join(", ");
    return found !== "attention, feedForward" &&
      `its layers are ${found || "empty"}, not attention, feedForward`;
  },
  ({ branches }, { tensors }) => {
    const scale = branches.map(({ sublayer }) => sublayer.output.scale)
      .find((name) => name !== undefined && tensors.has(name));
    return scale && `what its branches write is scaled (LayerScale, ${scale})`;
  },
];

/** What speaks against attention. */
const attentionRules: readonly Rule<Attention>[] = [
  ({ memory }) => memory !== undefined && `it attends to ${memory}`,
  ({ causal }) => !causal && "its attention is not causal",
  ({ alibi }) => alibi && "it adds ALiBi to its scores",
  ({ window }) => window !== undefined && `its attention has a window of ${window} keys`,
  ({ clip }) => clip !== undefined && `its queries, keys and values are cut to ± ${clip}`,
  ({ projectionNorms }) => projectionNorms && "its queries and keys have norms of their own",
  ({ softcap }) => softcap !== undefined && `its scores are bent to ± ${softcap}`,
  ({ headNorms }) => headNorms && "its queries and keys have norms of their own",
  ({ rotary }) => rotary === undefined && "its positions are not rotary",
  ({ rotary, headWidth }) =>
    rotary!.width !== headWidth &&
    `its rotary positions turn ${
      rotary!.width
    } of ${headWidth} coordinates of a head, and Llama's turn all`,
  ({ rotary }) =>
    rotary!.order !== "half" &&
    "its rotary positions turn neighbors (2i with 2i + 1), and Llama's turn halves (i with i + width/2)",
  ({ scale, headWidth }) =>
    Math.abs(scale * Math.sqrt(headWidth) - 1) > 1e-12 &&
    `its scores are multiplied by ${scale}, and Llama's by ${headWidth ** -0.5}`,
];

/** What speaks against a feed-forward network. */
const networkRules: readonly Rule<FeedForward>[] = [
  ({ gate }) => gate === undefined && "its feed-forward network has no gate",
  ({ activation }) =>
    activation !== "silu" && `its feed-forward network has the activation ${activation}, not silu`,
];

/** What Llama has one of for all layers. */
function shared({ attention: { sublayer }, network }: Layer, { tensors }: Model): string {
  const { heads, keyValueHeads, headWidth, rotary } = sublayer;
  const { weight, layout } = network.sublayer.up;
  const { shape } = tensors.info(weight);
  const hidden = layout === "out-in" ? shape[0] : shape.at(-1);
  return `${heads} heads, ${keyValueHeads} key-value heads, head width ${headWidth}, ` +
    `rotary base ${rotary!.base}, hidden width ${hidden}`;
}

/** What speaks against the head. */
const headRules: readonly Rule<readonly Head[]>[] = [
  (heads) => heads.length !== 1 && `it has ${heads.length} heads, not one`,
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
 * Why a model cannot be written as Llama.
 *
 * @param model The model.
 * @returns The first reason, as a clause; undefined where there is none.
 */
export function whyNotLlama(model: Model): string | undefined {
  const { stacks, heads } = model.spec;
  const stack = Object.values(stacks)[0];
  if (stack === undefined) return "it has no stack";
  const whole = first(modelRules, model, model) ?? first(stackRules, stack, model);
  if (whole !== undefined) return whole;
  for (const block of stack.blocks) {
    const [attention, network] = block.branches.map(({ sublayer }) => sublayer);
    const reason = first(blockRules, block, model) ??
      first(attentionRules, attention as Attention, model) ??
      first(networkRules, network as FeedForward, model);
    if (reason !== undefined) return reason;
  }
  const sizes = stack.blocks.map(({ branches: [attention, network] }, at) =>
    shared({ at, attention, network } as Layer, model)
  );
  const other = sizes.findIndex((size) => size !== sizes[0]);
  if (other >= 0) {
    return `its layers differ: layer 0 has ${sizes[0]}; layer ${other} has ${sizes[other]}`;
  }
  return first(headRules, heads, model);
}
