// Generation: the tokens that follow prompts, each a row of work beside a cache of keys and values.

import { groupBy } from "../core/collections.ts";
import * as tf from "@tensorflow/tfjs";
import { requireInteger } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";
import { readAll } from "../backend/read.ts";
import type { Tensor } from "../core/tensor.ts";
import type { KeyValueStore } from "../interpret/eager_attention.ts";
import { KeyValueCache } from "../interpret/key_value_cache.ts";
import type { DecoderConfig } from "./config.ts";
import { decoder, type Tokens } from "./decoder.ts";
import { makeSampler, requireLogits, samplingKinds, type SamplingOptions } from "./sampling.ts";
import { describedBy, type DescribedDecoder, type DescribedParameters } from "./described.ts";

/** Options of {@linkcode generate} and its kin. */
export interface GenerateOptions extends SamplingOptions {
  /** How many tokens to make. */
  readonly tokens: number;
  /** Tokens that end a text; they are part of it. */
  readonly stop?: readonly number[];
  /** Seed of the samples; 0 by default. */
  readonly seed?: number;
  /** Stops early. */
  readonly signal?: AbortSignal;
}

const generateKinds: OptionKinds<GenerateOptions> = {
  ...samplingKinds,
  tokens: "number",
  stop: "list?",
  seed: "number?",
  signal: "signal?",
};

/** What text is generated with. */
export interface LanguageModel {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** The most tokens that it reads at once. */
  readonly context: number;
  /**
   * The logits [B, T, V] of the tokens that follow each of B rows of T tokens.
   *
   * @param tokens The rows.
   * @param store Keys and values of the tokens before them; it receives theirs.
   */
  logits(tokens: Tokens, store: KeyValueStore): Tensor;
}

/** A decoder as a language model. */
function languageModelOf(
  parameters: DescribedParameters,
  config: DecoderConfig | DescribedDecoder,
): LanguageModel {
  const { vocabulary, context } = describedBy(config);
  return {
    vocabulary,
    context,
    logits: (tokens, store) => decoder(parameters, config, tokens, { store }),
  };
}

/** Rows of equal length that a model continues, with the cache of what it has read of them. */
class Continuation implements Disposable {
  readonly #model: LanguageModel;
  readonly #cache = new KeyValueCache();
  #rows: number[][];

  constructor(model: LanguageModel, prompts: Tokens) {
    this.#model = model;
    // what is further back is not seen, nor kept
    this.#rows = prompts.map((prompt) => Array.from(prompt).slice(-model.context));
  }

  /** The logits of each row's next token, V after V. */
  async next(): Promise<Float32Array> {
    const { context, vocabulary } = this.#model;
    const length = this.#rows[0]!.length;
    // a window that moves has other positions, and so other keys
    if (length > context) {
      this.#rows = this.#rows.map((row) => row.slice(-context));
      this.#cache[Symbol.dispose]();
    }
    const unread = this.#rows.map((row) => row.slice(this.#cache.past));
    const last = tf.tidy(() => {
      const logits = this.#model.logits(unread, this.#cache);
      return tf.slice(logits, [0, logits.shape[1]! - 1, 0], [unread.length, 1, vocabulary]);
    });
    this.#cache.advance(unread[0]!.length);
    try {
      return (await readAll([last]))[0] as Float32Array;
    } finally {
      last.dispose();
    }
  }

  /** Adds one token to each row. */
  add(tokens: readonly number[]): void {
    this.#rows = this.#rows.map((row, at) => [...row, tokens[at]!]);
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
  }
}

/** One token for each row, as they are made. */
async function* continueRows(
  model: LanguageModel,
  prompts: Tokens,
  options: GenerateOptions,
  randoms: readonly Random[],
): AsyncGenerator<number[], void, void> {
  const count = requireInteger("tokens", options.tokens, { min: 0 });
  const sample = makeSampler(options, model.vocabulary);
  using continuation = new Continuation(model, prompts);
  for (let made = 0; made < count; made++) {
    if (options.signal?.aborted === true) return;
    const logits = await continuation.next();
    const tokens = prompts.map((_, at) => {
      const own = logits.subarray(at * model.vocabulary, (at + 1) * model.vocabulary);
      requireLogits(own, made);
      return sample(own, randoms[at]!);
    });
    continuation.add(tokens);
    yield tokens;
  }
}

/**
 * Tokens that follow a prompt, one at a time as they are made, from any language model.
 *
 * @param model The model.
 * @param prompt Token ids to start from, at least one; of a prompt longer than the context the end is read.
 * @param options How many, and how they are chosen.
 * @returns The tokens, as an asynchronous stream.
 * @throws {RangeError} If the prompt is empty, a token is outside the vocabulary, an option is out of range, or a logit is not
 * finite.
 */
export async function* generateWith(
  model: LanguageModel,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
): AsyncGenerator<number, void, void> {
  requireOptions("generate()", options, generateKinds);
  const random = new Random(options.seed ?? 0, "/generate");
  for await (const [token] of continueRows(model, [prompt], options, [random])) {
    yield token!;
    if (options.stop?.includes(token!) === true) return;
  }
}

/**
 * Tokens that follow a prompt, one at a time as they are made.
 *
 * A prompt longer than the context is read from its end.
 *
 * @param parameters The parameters of a decoder.
 * @param config Its configuration, or the described decoder.
 * @param prompt Token ids to start from, at least one.
 * @param options How many, and how they are chosen.
 * @returns The tokens, as an asynchronous stream.
 * @throws {RangeError} If the prompt is empty, a token is outside the vocabulary, an option is out of range, or a logit is not
 * finite.
 */
export async function* generate(
  parameters: DescribedParameters,
  config: DecoderConfig | DescribedDecoder,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
): AsyncGenerator<number, void, void> {
  requireOptions("generate()", options, generateKinds);
  yield* generateWith(languageModelOf(parameters, config), prompt, options);
}

/** A text up to the token that ends it. */
function untilStop(tokens: readonly number[], stop: readonly number[]): number[] {
  const end = tokens.findIndex((token) => stop.includes(token));
  return end < 0 ? [...tokens] : tokens.slice(0, end + 1);
}

/** The rows of prompts of one length, until each has ended. */
async function continueGroup(
  model: LanguageModel,
  prompts: Tokens,
  options: GenerateOptions,
  randoms: readonly Random[],
): Promise<number[][]> {
  const { stop = [] } = options;
  const made: number[][] = prompts.map(() => []);
  for await (const tokens of continueRows(model, prompts, options, randoms)) {
    tokens.forEach((token, at) => made[at]!.push(token));
    if (made.every((row) => row.some((token) => stop.includes(token)))) break;
  }
  return made.map((row) => untilStop(row, stop));
}

/**
 * Tokens that follow each of several prompts, from any language model. Prompts of one length run together.
 *
 * @param model The model.
 * @param prompts Rows of token ids, each at least one, of any lengths.
 * @param options How many for each, and how they are chosen; each prompt draws from a stream of its own.
 * @returns The tokens that follow each prompt, in their order.
 * @throws {RangeError} If a prompt is empty, a token is outside the vocabulary, an option is out of range, or a logit is not finite.
 */
export async function generateBatchWith(
  model: LanguageModel,
  prompts: Tokens,
  options: GenerateOptions,
): Promise<number[][]> {
  requireOptions("generateBatch()", options, generateKinds);
  const random = new Random(options.seed ?? 0, "/generate");
  const made: number[][] = prompts.map(() => []);
  const groups = groupBy(prompts.keys(), (at) => Math.min(prompts[at]!.length, model.context));
  for (const places of groups.values()) {
    const own = places.map((at) => prompts[at]!);
    const randoms = places.map((at) => random.fork(at));
    const rows = await continueGroup(model, own, options, randoms);
    places.forEach((at, row) => made[at] = rows[row]!);
  }
  return made;
}

/**
 * Tokens that follow each of several prompts. Prompts of one length run together.
 *
 * @param parameters The parameters of a decoder.
 * @param config Its configuration, or the described decoder.
 * @param prompts Rows of token ids, each at least one, of any lengths.
 * @param options How many for each, and how they are chosen; each prompt draws from a stream of its own.
 * @returns The tokens that follow each prompt, in their order.
 * @throws {RangeError} If a prompt is empty, a token is outside the vocabulary, an option is out of range, or a logit is not finite.
 */
export async function generateBatch(
  parameters: DescribedParameters,
  config: DecoderConfig | DescribedDecoder,
  prompts: Tokens,
  options: GenerateOptions,
): Promise<number[][]> {
  requireOptions("generateBatch()", options, generateKinds);
  return await generateBatchWith(languageModelOf(parameters, config), prompts, options);
}
