// What the layers of every model of this library are made with: what a caller writes, and the complete, checked form.

import { requireEps, requireInteger, requireNumber, requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { NormKind } from "../kernels/contract.ts";
import { findResidual } from "../residual/registry.ts";
import type { End, InitBase, Residual } from "../residual/types.ts";

/** The non-linearity of the feed-forward network; SwiGLU has a gate projection of its own. */
export type FeedForwardActivation = "gelu" | "relu" | "swiglu";

/** Every non-linearity. */
export const feedForwardActivations: readonly FeedForwardActivation[] = ["gelu", "relu", "swiglu"];

/** What all layers of a model share. */
export interface LayerOptions {
  /** The width D of the stream. */
  readonly width: number;
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

/** What a model reads of images. */
export interface ImageOptions {
  /** The side of an image, in pixels. */
  readonly imageSize: number;
  /** The side of a patch, in pixels; it divides the image's. */
  readonly patchSize: number;
  /** Values of a pixel; 3 by default. */
  readonly channels?: number;
}

/** The same with every choice made. */
export interface CompleteLayers extends Required<LayerOptions> {
  /** The residual variant. */
  readonly residual: Residual;
}

/** What the options of layers hold. */
export const layerKinds: OptionKinds<LayerOptions> = {
  width: "number",
  heads: "number",
  hidden: "number?",
  residual: "any?",
  norm: "string?",
  eps: "number?",
  normEps: "object?",
  ends: "list?",
  positions: "string?",
  activation: "string?",
  bias: "boolean?",
  dropout: "number?",
  init: "string?",
  embeddingStd: "number?",
  embeddingScale: "number?",
};

/** What the options of images hold. */
export const imageKinds: OptionKinds<ImageOptions> = {
  imageSize: "number",
  patchSize: "number",
  channels: "number?",
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

/** The deepest Transformer trained has 1,000 layers (Wang et al. 2022, DeepNet); each is many objects, however narrow. */
const mostLayers = 2 ** 10;

/**
 * Requires a number of layers.
 *
 * @param name What it is called, for the message.
 * @param depth The number.
 * @returns The number.
 * @throws {RangeError} If it is no whole number from 1 to 1,024.
 */
export function requireDepth(name: string, depth: number): number {
  return requireInteger(name, depth, { min: 1, max: mostLayers });
}

/** Width and heads that fit each other. */
function requireHeads({ width, heads, positions = "learned" }: LayerOptions): void {
  requireInteger("width", width, { min: 1 });
  requireInteger("heads", heads, { min: 1 });
  if (width % heads !== 0) {
    throw new RangeError(
      `Cannot split a width of ${width} into ${heads} heads: heads must divide the width`,
    );
  }
  requireOneOf("positions", positions, ["learned", "rotary"]);
  if (positions === "rotary" && (width / heads) % 2 !== 0) {
    throw new RangeError(
      `Cannot rotate heads of width ${width / heads}: width / heads must be even`,
    );
  }
}

/** ε by norm. */
function requireEach(normEps: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(normEps).map(([path, eps]) => [path, requireEps(`normEps["${path}"]`, eps)]),
  );
}

/**
 * Checks the options of layers and fills in what they leave open.
 *
 * @param options What the caller wrote; keys that are not of layers are left to the caller.
 * @returns The complete options.
 * @throws {RangeError} If a value is out of range or unknown; the message names it and what is allowed.
 */
export function completeLayers(options: LayerOptions): CompleteLayers {
  requireHeads(options);
  const { width, heads, positions = "learned", ...open } = options;
  const residual = variantOf(open.residual ?? "pre-ln");
  const init = requireOneOf("init", open.init ?? residual.init.base, ["xavier", "normal"]);
  const [std, scale] = init === "xavier" ? [width ** -0.5, width ** 0.5] : [0.02, 1];
  const above = { above: 0 };
  return {
    width,
    heads,
    positions,
    residual,
    init,
    hidden: requireInteger("hidden", open.hidden ?? 4 * width, { min: 1 }),
    norm: requireOneOf("norm", open.norm ?? "layer", ["layer", "rms", "crms", "crms-padded"]),
    eps: requireEps("eps", open.eps ?? 1e-5),
    normEps: requireEach(open.normEps ?? {}),
    ends: (open.ends ?? residual.ends).map((end) =>
      requireOneOf("ends", end, ["embedding", "final"])
    ),
    activation: requireOneOf("activation", open.activation ?? "gelu", feedForwardActivations),
    bias: open.bias ?? true,
    dropout: requireNumber("dropout", open.dropout ?? 0, { min: 0, below: 1 }),
    embeddingStd: requireNumber("embeddingStd", open.embeddingStd ?? std, above),
    embeddingScale: requireNumber("embeddingScale", open.embeddingScale ?? scale, above),
  };
}
