// Translations, summaries and transcripts: what the decoder of an encoder–decoder makes of sources, searched for in batches. The encoder
// runs once; of the decoder each further token is a row of work beside a cache of keys and values.

import * as tf from "@tensorflow/tfjs";
import { readAll } from "../backend/read.ts";
import { requireInteger } from "../core/check.ts";
import { greatest } from "../core/extent.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { tensorsOf } from "../core/tree.ts";
import type { EagerInputs } from "../interpret/eager.ts";
import { KeyValueCache } from "../interpret/key_value_cache.ts";
import { inputsOf, type ModelSpec } from "../model/spec.ts";
import { runBatch, type RunOptions } from "../transformer/run.ts";
import {
  beamKinds,
  type BeamOptions,
  requireBeamOptions,
  requireDecodable,
} from "./beam_options.ts";
import { BeamSearch, type Translation } from "./beam_search.ts";
import { batchOfTokens, requireTokens, type Tokens } from "./decoder.ts";
import { type TokenLimits, tokenLimits } from "./described.ts";

/** An encoder–decoder of any family, without its parameters. */
export interface EncoderDecoder {
  /** What it computes: the stacks `encoder` and `decoder`, and the head `logits` that predicts the decoder's tokens. */
  readonly spec: ModelSpec;
  /** The most tokens of either side, where no table of positions says it. */
  readonly context?: number;
}

/** Sources of any kind, as a batch. */
export interface SourceBatch extends Omit<EagerInputs, "tokens"> {
  /** How many tokens of each row of `source` count; those that follow are padding. All by default. */
  readonly lengths?: readonly number[];
}

/** Options of {@linkcode translate}. */
export interface TranslateOptions extends BeamOptions {
  /** How many sources run together; 32 by default. */
  readonly batch?: number;
}

const translateKinds: OptionKinds<TranslateOptions> = { ...beamKinds, batch: "number?" };

/** What a side of a model reads. */
function limitsOf(
  parameters: unknown,
  { spec, context = Infinity }: EncoderDecoder,
  side: "encoder" | "decoder",
): TokenLimits {
  const entry = spec.stacks[side]?.entry;
  if (entry?.kind !== "tokens") {
    throw new RangeError(`Cannot translate tokens with a model whose ${side} reads none`);
  }
  const shapes = new Map(tensorsOf(parameters).map(({ path, value }) => [path, value.shape]));
  return tokenLimits(entry, (name) => {
    const shape = shapes.get(name);
    if (shape === undefined) throw new RangeError(`Cannot run without the parameter ${name}`);
    return shape;
  }, context);
}

/** The tokens of each source of a batch; none of what is no text. */
function sourcesIn(
  { spec }: EncoderDecoder,
  { lengths, ...inputs }: SourceBatch,
): readonly (readonly number[])[] {
  const { encoder } = spec.stacks;
  const [kind] = encoder === undefined ? [] : inputsOf({ stacks: { encoder } });
  const given = kind === undefined || kind === "tokens" ? undefined : inputs[kind];
  if (given === undefined) {
    throw new RangeError(`Cannot translate without ${kind ?? "an encoder"}: there is none`);
  }
  const texts = "ids" in given ? given : undefined;
  const [count, length] = "ids" in given ? given.size : [given.shape[0]!, 0];
  if (lengths !== undefined && lengths.length !== count) {
    throw new RangeError(`Cannot use ${lengths.length} lengths for ${count} sources`);
  }
  return Array.from({ length: count }, (_, at) => {
    const first = at * length;
    return texts === undefined
      ? []
      : [...texts.ids.subarray(first, first + (lengths?.[at] ?? length))];
  });
}

/** Decodes one batch; the options are checked. */
async function search(
  parameters: unknown,
  model: EncoderDecoder,
  batch: SourceBatch,
  options: BeamOptions,
): Promise<Translation[]> {
  const { lengths, ...inputs } = batch;
  const searches = sourcesIn(model, batch).map((source) => new BeamSearch(options, source));
  using store = new KeyValueCache();
  let open = [...searches.entries()];
  while (open.length > 0) {
    const rows = open.flatMap(([at, { live }]) => live.map(({ tokens }) => ({ at, tokens })));
    const fresh = rows.map(({ tokens }) => tokens.slice(store.past));
    const [count, length] = [rows.length, fresh[0]!.length];
    const tokens = { ids: Int32Array.from(fresh.flat()), size: [count, length] as const };
    const own: RunOptions = {
      store,
      ...(lengths === undefined ? {} : { keyLengths: rows.map(({ at }) => lengths[at]!) }),
    };
    // the encoder has run once it has given keys and values
    const given = store.past === 0 ? { ...inputs, tokens } : { tokens };
    const logits = await lastLogits(parameters, model, given, own);
    store.advance(length);
    const parents = advance(open, logits);
    open = open.filter(([, one]) => !one.isDone);
    store.pick(parents, count);
  }
  return searches.map(({ best }) => best);
}

/** The logits behind each row. */
async function lastLogits(
  parameters: unknown,
  model: EncoderDecoder,
  inputs: EagerInputs,
  options: RunOptions,
): Promise<Float32Array[]> {
  const last = tf.tidy(() => {
    const { logits } = runBatch(parameters, { spec: model.spec }, inputs, options);
    if (logits === undefined) {
      throw new RangeError("Cannot decode without the output logits: the model has none");
    }
    const [count, length, vocabulary] = logits.shape as [number, number, number];
    return tf.slice(logits, [0, length - 1, 0], [count, 1, vocabulary]);
  });
  try {
    const [values] = await readAll([last]) as [Float32Array];
    const vocabulary = last.shape.at(-1)!;
    return Array.from(
      { length: last.shape[0]! },
      (_, at) => values.subarray(at * vocabulary, (at + 1) * vocabulary),
    );
  } finally {
    last.dispose();
  }
}

/** Takes all searches one token further; the rows that those which are not done go on from. */
function advance(
  open: readonly (readonly [number, BeamSearch])[],
  logits: readonly Float32Array[],
): number[] {
  let first = 0;
  return open.flatMap(([, one]) => {
    const own = logits.slice(first, first + one.live.length);
    const parents = one.advance(own).map((parent) => first + parent);
    first += own.length;
    return one.isDone ? [] : parents;
  });
}

/**
 * Searches for what a decoder makes of each source of a batch, of tokens or of sounds.
 *
 * ```
 * score = Σ log p(tokenₜ | tokens before it, source) / length^lengthPenalty
 * ```
 *
 * Units: scores in nats (per token, where the length penalty is 1).
 * Source: Wu et al. 2016 (arXiv 1609.08144), §7, with the length penalty, the ends and the rules as transformers' `generate` has them.
 *
 * @param parameters A tree of tensors whose paths are the names in the spec.
 * @param model The encoder–decoder.
 * @param batch The sources, as many rows as there are; their tensors are not disposed.
 * @param options How texts are searched for.
 * @returns The best text of each source.
 * @throws {RangeError} If an option or a token is out of range, an input is missing, the rules leave no token, or a logit is not finite.
 */
export async function beamSearch(
  parameters: unknown,
  model: EncoderDecoder,
  batch: SourceBatch,
  options: BeamOptions,
): Promise<Translation[]> {
  requireOptions("beamSearch()", options, beamKinds);
  requireBeamOptions(options);
  requireDecodable(options, limitsOf(parameters, model, "decoder"));
  return await search(parameters, model, batch, options);
}

/** Requires a source that an encoder reads. */
function requireSource(
  source: ArrayLike<number>,
  at: number,
  { vocabulary, context }: TokenLimits,
): void {
  if (source.length === 0) throw new RangeError(`Cannot translate source ${at}: it has no tokens`);
  if (source.length > context) {
    throw new RangeError(
      `Cannot translate source ${at} of ${source.length} tokens: the encoder's context holds ${context}`,
    );
  }
  requireTokens(source, `source ${at}`, vocabulary);
}

/** Sources of any lengths, padded. */
function batchOfSources(sources: Tokens, limits: TokenLimits): SourceBatch {
  const lengths = sources.map(({ length }) => length);
  const longest = greatest(lengths);
  const padded = sources.map((source) =>
    Array.from({ length: longest }, (_, at) => source[at] ?? 0)
  );
  const source = batchOfTokens(padded, limits, 0);
  return lengths.every((length) => length === longest) ? { source } : { source, lengths };
}

/**
 * Translates texts, or summarizes them, whatever the model was trained for. Texts of nearly the same length run together; none changes
 * what another becomes.
 *
 * @param parameters A tree of tensors whose paths are the names in the spec, such as {@linkcode loadEncoderDecoder} gives.
 * @param model The encoder–decoder.
 * @param sources Rows of token ids, each at least one, of any lengths.
 * @param options How translations are searched for, and how many sources run together.
 * @returns The best translation of each source, in their order.
 * @throws {RangeError} If a source is empty or longer than the context, an option or a token is out of range, the rules leave no token, or
 * a logit is not finite.
 */
export async function translate(
  parameters: unknown,
  model: EncoderDecoder,
  sources: Tokens,
  options: TranslateOptions,
): Promise<Translation[]> {
  requireOptions("translate()", options, translateKinds);
  const { batch = 32, ...own } = options;
  requireInteger("batch", batch, { min: 1 });
  requireBeamOptions(own);
  requireDecodable(own, limitsOf(parameters, model, "decoder"));
  const limits = limitsOf(parameters, model, "encoder");
  sources.forEach((source, at) => requireSource(source, at, limits));
  const order = [...sources.keys()].sort((a, b) => sources[a]!.length - sources[b]!.length);
  const made: Translation[] = [];
  for (let first = 0; first < order.length; first += batch) {
    const places = order.slice(first, first + batch);
    const rows = batchOfSources(places.map((at) => sources[at]!), limits);
    const found = await search(parameters, model, rows, own);
    places.forEach((at, row) => made[at] = found[row]!);
  }
  return made;
}
