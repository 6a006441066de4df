// The configuration of a decoder: what a caller writes, and the complete, checked form that the model reads.

import { excerpt } from "../core/excerpt.ts";
import { requireEps, requireInteger, requireNumber, requireOneOf } from "../core/check.ts";
import { nearest, type OptionKinds, requireOptions } from "../core/options.ts";
import type { NormKind } from "../kernels/contract.ts";
import { findResidual } from "../residual/registry.ts";
import type { End, InitBase, Residual } from "../residual/types.ts";
import type { FeedForwardActivation } from "../transformer/layers.ts";
import { requireSize } from "./size.ts";

/** Every non-linearity. */
export const feedForwardActivations: readonly FeedForwardActivation[] = ["gelu", "relu", "swiglu"];

/** The configuration of a decoder-only Transformer. */
export interface DecoderConfig {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** The longest sequence, in tokens. */
  readonly context: number;
  /** The width D of the stream. */
  readonly width: number;
  /** The number of layers L. */
  readonly depth: number;
  /** The number of heads H; it divides the width. */
  readonly heads: number;
  /** The hidden width F of the feed-forward network; 4 D by default. */
  readonly hidden?: number;
  /** The residual variant, by id (with `+gpas` for gates) or as an object of one's own; `"pre-ln"` by default. */
  readonly residual?: string | Residual;
  /**
   * The norm function; `"layer"` by default. `"crms"` at width D is the Pre-LN model of width D + 1. `"crms-padded"` is that of
   * width D: the stream has D − 1 values and a lane that is always 0, so that D can be a round number.
   */
  readonly norm?: NormKind;
  /** ε of every norm; 1e-5 by default. */
  readonly eps?: number;
  /** ε of norms that have another, by their path: `blocks.1.norm.attention.input`, `norm.final`. `fold` makes such. */
  readonly normEps?: Readonly<Record<string, number>>;
  /** Norms outside the blocks; the variant's own by default. */
  readonly ends?: readonly End[];
  /** `"learned"` (default) or `"rotary"` positions. */
  readonly positions?: "learned" | "rotary";
  /** The activation of the feed-forward network; `"gelu"` by default. */
  readonly activation?: FeedForwardActivation;
  /** Whether the head is the embedding table; false by default. */
  readonly tied?: boolean;
  /** Whether linear maps and LayerNorms have biases; true by default. */
  readonly bias?: boolean;
  /** The share of values dropped at the end of each branch and after the embedding; 0 by default. */
  readonly dropout?: number;
  /** The distribution of the weights at the start; the variant's own by default. */
  readonly init?: InitBase;
  /** The standard deviation of token and position embeddings; 1/√D with Xavier, 0.02 with normal weights. */
  readonly embeddingStd?: number;
  /** Multiplies the token embedding; √D with Xavier (a stream of variance 1), 1 with normal weights. */
  readonly embeddingScale?: number;
}

/** A configuration with every choice made. */
export interface CompleteConfig extends Required<DecoderConfig> {
  /** The residual variant. */
  readonly residual: Residual;
}

/** What a configuration holds. */
export const decoderKinds: OptionKinds<DecoderConfig> = {
  vocabulary: "number",
  context: "number",
  width: "number",
  depth: "number",
  heads: "number",
  hidden: "number?",
  residual: "any?",
  norm: "string?",
  eps: "number?",
  normEps: "object?",
  ends: "list?",
  positions: "string?",
  activation: "string?",
  tied: "boolean?",
  bias: "boolean?",
  dropout: "number?",
  init: "string?",
  embeddingStd: "number?",
  embeddingScale: "number?",
};

const residualKinds: OptionKinds<Residual> = {
  id: "string",
  label: "string",
  source: "string",
  equation: "string",
  ends: "list",
  init: "object",
  finalEps: "number?",
  gpas: "object?",
  wiring: "function",
  start: "function?",
  finish: "function?",
};

/** The paths of the norms of a layer. */
function normPaths(residual: Residual, layer: number, depth: number): string[] {
  return (["attention", "feedForward"] as const).flatMap((role) =>
    residual.wiring({ layer, depth, stack: "decoder", role }).norms
      .map((site) => `blocks.${layer}.norm.${role}.${site}`)
  );
}

const outerNorms: readonly string[] = ["norm.embedding", "norm.final"];

/** Requires the path of a norm that a decoder has; only its own layer is written out, however many the configuration counts. */
function requireNormPath(path: string, residual: Residual, depth: number): void {
  const written = Number(/^blocks\.([1-9]\d*)\./.exec(path)?.[1] ?? 1);
  const near = normPaths(residual, Math.min(written, depth), depth);
  const known = [...outerNorms, ...near];
  if (known.includes(path)) return;
  const meant = nearest(path, known);
  const [first, last] = [
    normPaths(residual, 1, depth)[0],
    normPaths(residual, depth, depth).at(-1),
  ];
  throw new RangeError(
    `Cannot use normEps[${excerpt(path)}]: ${
      meant === undefined ? "" : `did you mean "${meant}"? `
    }the norms are ${outerNorms.join(", ")} and ${first} to ${last}`,
  );
}

/** ε by norm, of norms that there are: any other would have no effect. */
function completeNormEps(
  normEps: Readonly<Record<string, number>>,
  residual: Residual,
  depth: number,
): Record<string, number> {
  for (const path of Object.keys(normEps)) requireNormPath(path, residual, depth);
  return Object.fromEntries(
    Object.entries(normEps).map(([path, eps]) => [path, requireEps(`normEps["${path}"]`, eps)]),
  );
}

/** The variant of an id, or an object of one's own, whose parts are there. */
function variantOf(residual: string | Residual): Residual {
  if (typeof residual === "string") return findResidual(residual);
  requireOptions("a residual variant", residual, residualKinds);
  requireOptions("a variant's init", residual.init, {
    base: "string",
    gain: "function?",
    normGain: "function?",
  });
  return residual;
}

/**
 * Checks a configuration and fills in what it leaves open.
 *
 * @param config What the caller wrote.
 * @returns The complete configuration.
 * @throws {RangeError} If a value is out of range or unknown; the message names it and what is allowed.
 */
export function completeConfig(config: DecoderConfig): CompleteConfig {
  requireOptions("a decoder", config, decoderKinds);
  const whole = (name: "vocabulary" | "context" | "width" | "depth" | "heads"): number =>
    requireInteger(name, config[name], { min: 1 });
  const width = whole("width");
  const heads = whole("heads");
  const depth = whole("depth");
  if (width % heads !== 0) {
    throw new RangeError(
      `Cannot split a width of ${width} into ${heads} heads: heads must divide the width`,
    );
  }
  const positions = requireOneOf("positions", config.positions ?? "learned", ["learned", "rotary"]);
  if (positions === "rotary" && (width / heads) % 2 !== 0) {
    throw new RangeError(
      `Cannot rotate heads of width ${width / heads}: width / heads must be even`,
    );
  }
  const { residual = "pre-ln" } = config;
  const variant = variantOf(residual);
  const init = requireOneOf("init", config.init ?? variant.init.base, ["xavier", "normal"]);
  const xavier = init === "xavier";
  const complete: CompleteConfig = {
    vocabulary: whole("vocabulary"),
    context: whole("context"),
    width,
    depth,
    heads,
    hidden: requireInteger("hidden", config.hidden ?? 4 * width, { min: 1 }),
    residual: variant,
    norm: requireOneOf("norm", config.norm ?? "layer", [
      "layer",
      "rms",
      "crms",
      "crms-padded",
    ]),
    eps: requireEps("eps", config.eps ?? 1e-5),
    normEps: completeNormEps(config.normEps ?? {}, variant, depth),
    ends: (config.ends ?? variant.ends).map((end) =>
      requireOneOf("ends", end, ["embedding", "final"])
    ),
    positions,
    activation: requireOneOf("activation", config.activation ?? "gelu", feedForwardActivations),
    tied: config.tied ?? false,
    bias: config.bias ?? true,
    dropout: requireNumber("dropout", config.dropout ?? 0, { min: 0, below: 1 }),
    init,
    embeddingStd: requireNumber(
      "embeddingStd",
      config.embeddingStd ?? (xavier ? width ** -0.5 : 0.02),
      {
        above: 0,
      },
    ),
    embeddingScale: requireNumber(
      "embeddingScale",
      config.embeddingScale ?? (xavier ? width ** 0.5 : 1),
      {
        above: 0,
      },
    ),
  };
  requireSize(complete);
  return complete;
}
