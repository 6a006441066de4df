// The Transformers that the papers train, besides decoders: encoders of tokens, images and sounds, and encoder–decoders.

import { requireInteger, requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { Head, Linear, ModelSpec, Stack } from "../model/spec.ts";
import { Blueprint, type Start } from "./blueprint.ts";
import { baseStd, Layers, type MakeLayers, type StackPlan } from "./layers.ts";
import { requireNormPaths } from "./norm_paths.ts";
import {
  type CompleteLayers,
  completeLayers,
  imageKinds,
  type ImageOptions,
  layerKinds,
  type LayerOptions,
  requireDepth,
} from "./settings.ts";

/** A model that can be run and trained. */
export interface Transformer {
  /** What it computes. */
  readonly spec: ModelSpec;
  /** The start of each parameter. */
  readonly starts: ReadonlyMap<string, Start>;
  /** The share of values dropped at the end of each branch and after the entry. */
  readonly dropout: number;
}

/** Which rows a classifier reads. */
export type Pooling = "first" | "mean";

/** An encoder of tokens: a head on every token (masked language modelling), or one that names the class of a text. */
export interface EncoderConfig extends LayerOptions {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** The longest sequence, in tokens. */
  readonly context: number;
  /** The number of layers N. */
  readonly depth: number;
  /** Classes of texts; without it the head gives a distribution over tokens for each. */
  readonly classes?: number;
  /** Which rows a classifier reads; the first by default. */
  readonly pooling?: Pooling;
  /** Whether the head over tokens is the embedding table; false by default. */
  readonly tied?: boolean;
}

/** An encoder whose output a decoder attends to. */
export interface EncoderDecoderConfig extends LayerOptions {
  /** The number of tokens V of both sides. */
  readonly vocabulary: number;
  /** The longest sequence of either side, in tokens. */
  readonly context: number;
  /** The number of the encoder's layers N. */
  readonly encoderDepth: number;
  /** The number of the decoder's layers M. */
  readonly decoderDepth: number;
}

/** A vision Transformer. */
export interface VisionConfig extends LayerOptions, ImageOptions {
  /** The number of layers N. */
  readonly depth: number;
  /** Classes of images, of a model that names them. */
  readonly classes?: number;
  /** Which rows a classifier reads: a class token, the first, or the mean of all; the first by default. */
  readonly pooling?: Pooling;
  /** Codes of patches, of a model that names the code of every patch, masked ones among them (BEiT). It has no class token. */
  readonly codes?: number;
}

/** An encoder of an image and a text about it. */
export interface ImageTextConfig extends LayerOptions, ImageOptions {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** The longest text, in tokens. */
  readonly context: number;
  /** The number of layers N. */
  readonly depth: number;
}

/** An encoder of sounds: frames of features, two convolutions of which the second halves their number, then layers. */
export interface SpeechConfig extends LayerOptions {
  /** Features of a frame, such as log-mel energies. */
  readonly channels: number;
  /** The most frames of a sound. */
  readonly frames: number;
  /** The number of layers N. */
  readonly depth: number;
  /** What the head tells apart: classes of sounds, or symbols of each frame. */
  readonly classes: number;
  /** Whether the head reads every frame (CTC), or the mean of all (keywords). */
  readonly reads: "all" | "mean";
}

const encoderKinds: OptionKinds<EncoderConfig> = {
  ...layerKinds,
  vocabulary: "number",
  context: "number",
  depth: "number",
  classes: "number?",
  pooling: "string?",
  tied: "boolean?",
};

const encoderDecoderKinds: OptionKinds<EncoderDecoderConfig> = {
  ...layerKinds,
  vocabulary: "number",
  context: "number",
  encoderDepth: "number",
  decoderDepth: "number",
};

const visionKinds: OptionKinds<VisionConfig> = {
  ...layerKinds,
  ...imageKinds,
  depth: "number",
  classes: "number?",
  pooling: "string?",
  codes: "number?",
};

const imageTextKinds: OptionKinds<ImageTextConfig> = {
  ...layerKinds,
  ...imageKinds,
  vocabulary: "number",
  context: "number",
  depth: "number",
};

const speechKinds: OptionKinds<SpeechConfig> = {
  ...layerKinds,
  channels: "number",
  frames: "number",
  depth: "number",
  classes: "number",
  reads: "string",
};

/** Requires whole numbers ≥ 1. */
function requireWhole(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) requireInteger(name, value, { min: 1 });
}

/** Images that are made of whole patches. */
function requirePatches(
  { imageSize, patchSize, channels = 3 }: ImageOptions,
): Required<ImageOptions> {
  requireWhole({ imageSize, patchSize, channels });
  if (imageSize % patchSize === 0) return { imageSize, patchSize, channels };
  throw new RangeError(
    `Cannot cut an image of ${imageSize} × ${imageSize} into patches of ${patchSize}: the side of a patch must divide that of the image`,
  );
}

/** Layers whose positions are learned: those of encoders are. */
function learnedLayers(options: LayerOptions): CompleteLayers {
  requireOneOf("positions", options.positions ?? "learned", ["learned"]);
  return completeLayers(options);
}

/** A model that is written down. */
class Draft {
  readonly blueprint: Blueprint;
  readonly #settings: CompleteLayers;
  readonly #plans: StackPlan[] = [];

  constructor(settings: CompleteLayers) {
    this.blueprint = new Blueprint(settings.norm);
    this.#settings = settings;
  }

  layers(plan: StackPlan): Layers {
    this.#plans.push(plan);
    return new Layers(this.blueprint, this.#settings, plan);
  }

  /** A matrix and a bias behind the final norm. */
  head(outputs: number, stack: string, reads: Head["reads"]): Head {
    const { width, init } = this.#settings;
    const shape = [width, outputs] as const;
    const names = { weight: "head.w", bias: "head.b" };
    const std = baseStd(init, shape);
    const linear = this.blueprint.linear(names, shape, { std, bias: true, stream: "reads" });
    return { linear, stack, reads };
  }

  finish(stacks: Readonly<Record<string, Stack>>, head: Head): Transformer {
    const untied: Linear = { weight: "head.w", bias: "head.b", layout: "in-out" };
    const { dropout } = this.#settings;
    requireNormPaths(this.#settings, this.#plans);
    return { spec: { stacks, heads: [head], untied }, starts: this.blueprint.starts, dropout };
  }
}

/**
 * An encoder of tokens.
 *
 * @param config Its configuration.
 * @param make Makes the layers; who does not trust the configuration holds each against a checkpoint.
 * @returns The model: one stack `encoder`, whose tokens all see each other, and the head `logits`.
 * @throws {RangeError} If a value is out of range or unknown.
 */
export function encoderTransformer(config: EncoderConfig, make?: MakeLayers): Transformer {
  requireOptions("an encoder", config, encoderKinds);
  const { vocabulary, context, depth, classes, pooling = "first", tied = false } = config;
  requireWhole({ vocabulary, context, classes: classes ?? 1 });
  requireDepth("depth", depth);
  const reads = requireOneOf("pooling", pooling, ["first", "mean"]);
  const draft = new Draft(completeLayers(config));
  const layers = draft.layers({ stack: "encoder", depth, prefix: "", causal: false });
  const encoder = layers.stack(layers.tokens(vocabulary, context), make);
  if (classes !== undefined) {
    return draft.finish({ encoder }, draft.head(classes, "encoder", reads));
  }
  const table: Linear = { weight: "wte", bias: "head.b", layout: "out-in" };
  const head: Head = tied
    ? { linear: table, stack: "encoder", reads: "all" }
    : draft.head(vocabulary, "encoder", "all");
  return draft.finish({ encoder }, head);
}

/**
 * An encoder–decoder: the encoder reads `source`, the decoder its own `tokens` and, by cross-attention, the encoder's output.
 *
 * @param config Its configuration.
 * @param make Makes the layers; who does not trust the configuration holds each against a checkpoint.
 * @returns The model: the stacks `encoder` and `decoder`, and the head `logits` on every token of the decoder.
 * @throws {RangeError} If a value is out of range or unknown.
 */
export function encoderDecoderTransformer(
  config: EncoderDecoderConfig,
  make?: MakeLayers,
): Transformer {
  requireOptions("an encoder–decoder", config, encoderDecoderKinds);
  const { vocabulary, context, encoderDepth, decoderDepth } = config;
  requireWhole({ vocabulary, context });
  requireDepth("encoderDepth", encoderDepth);
  requireDepth("decoderDepth", decoderDepth);
  const draft = new Draft(completeLayers(config));
  const [from, to] = [
    { stack: "encoder", depth: encoderDepth, otherDepth: decoderDepth, prefix: "encoder." },
    { stack: "decoder", depth: decoderDepth, otherDepth: encoderDepth, prefix: "decoder." },
  ] as const;
  const reading = draft.layers({ ...from, causal: false });
  const writing = draft.layers({ ...to, causal: true, memory: "encoder" });
  const encoder = reading.stack({ ...reading.tokens(vocabulary, context), source: true }, make);
  const decoder = writing.stack(writing.tokens(vocabulary, context), make);
  return draft.finish({ encoder, decoder }, draft.head(vocabulary, "decoder", "all"));
}

/**
 * A vision Transformer.
 *
 * @param config Its configuration.
 * @param make Makes the layers; who does not trust the configuration holds each against a checkpoint.
 * @returns The model: the stack `encoder` over the patches, behind a class token where that is read, and the head `logits` on the image
 *   or, with codes, on every patch; the input `masked` then says which patches are hidden from it.
 * @throws {RangeError} If a value is out of range or unknown, or patches do not divide the image.
 */
export function visionTransformer(config: VisionConfig, make?: MakeLayers): Transformer {
  requireOptions("a vision Transformer", config, visionKinds);
  const { depth, classes, codes, pooling = "first" } = config;
  if ((classes === undefined) === (codes === undefined)) {
    throw new RangeError(
      `Cannot use classes = ${classes} and codes = ${codes}: one of them must be given, classes of images or codes of patches`,
    );
  }
  const sizes = requirePatches(config);
  requireWhole({ classes: classes ?? 1, codes: codes ?? 1 });
  requireDepth("depth", depth);
  const pooled = requireOneOf("pooling", pooling, ["first", "mean"]);
  const reads = codes === undefined ? pooled : "all";
  const settings = learnedLayers(config);
  const draft = new Draft(settings);
  const layers = draft.layers({ stack: "encoder", depth, prefix: "", causal: false });
  const { width, embeddingStd } = settings;
  const before = reads === "first"
    ? [draft.blueprint.table("class", [1, width], embeddingStd)]
    : [];
  const mask = codes === undefined
    ? {}
    : { mask: draft.blueprint.table("mask", [1, width], embeddingStd) };
  const entry = { ...layers.patches(sizes, before, "wpe"), ...mask };
  const encoder = layers.stack(entry, make);
  return draft.finish({ encoder }, draft.head(classes ?? codes!, "encoder", reads));
}

/**
 * An encoder of an image and a text about it: patches and tokens are one sequence, in which all see each other; each kind of rows has
 * feed-forward networks of its own, with their norms (Multiway).
 *
 * Source: Wang et al. 2022 (BEiT-3), §2.1; with Sub-LN the vision–language model of Wang et al. 2022 (Foundation Transformers).
 *
 * @param config Its configuration.
 * @param make Makes the layers; who does not trust the configuration holds each against a checkpoint.
 * @returns The model: the stack `encoder`, and the head `logits` on every token.
 * @throws {RangeError} If a value is out of range or unknown, or patches do not divide the image.
 */
export function imageTextTransformer(config: ImageTextConfig, make?: MakeLayers): Transformer {
  requireOptions("an image–text Transformer", config, imageTextKinds);
  const { vocabulary, context, depth } = config;
  const sizes = requirePatches(config);
  requireWhole({ vocabulary, context });
  requireDepth("depth", depth);
  const draft = new Draft(learnedLayers(config));
  const layers = draft.layers({
    ...{ stack: "encoder", depth, prefix: "", causal: false },
    experts: ["patches", "tokens"],
  });
  const patches = layers.patches(sizes, [], "patches.wpe");
  const tokens = layers.tokens(vocabulary, context);
  const encoder = layers.stack({ kind: "patches-and-tokens", patches, tokens }, make);
  return draft.finish({ encoder }, draft.head(vocabulary, "encoder", "tokens"));
}

/**
 * An encoder of sounds.
 *
 * @param config Its configuration.
 * @param make Makes the layers; who does not trust the configuration holds each against a checkpoint.
 * @returns The model: the stack `encoder` over half as many frames, and the head `logits`.
 * @throws {RangeError} If a value is out of range or unknown.
 */
export function speechTransformer(config: SpeechConfig, make?: MakeLayers): Transformer {
  requireOptions("a speech encoder", config, speechKinds);
  const { channels, frames, depth, classes } = config;
  requireWhole({ channels, frames, classes });
  requireDepth("depth", depth);
  const reads = requireOneOf("reads", config.reads, ["all", "mean"]);
  const settings = learnedLayers(config);
  const { width, init } = settings;
  const draft = new Draft(settings);
  const layers = draft.layers({ stack: "encoder", depth, prefix: "", causal: false });
  const convolution = (path: string, inputs: number, stride: number) => ({
    linear: draft.blueprint.kernel(path, [width, inputs, 3], {
      std: baseStd(init, [3 * inputs, width]),
      stream: stride === 2 ? "writes" : "neither",
    }),
    width: 3,
    stride,
    padding: [1, 1] as const,
    groups: 1,
    activation: "gelu" as const,
  });
  const encoder = layers.stack({
    kind: "audio",
    input: "features",
    channels,
    convolutions: [
      convolution("convolutions.1", channels, 1),
      convolution("convolutions.2", width, 2),
    ],
    positions: layers.positions(Math.ceil(frames / 2)).positions!,
  }, make);
  return draft.finish({ encoder }, draft.head(classes, "encoder", reads));
}
