// A model of any family as a decoder or an encoder–decoder: its spec with the limits on its tokens, its parameters as tensors in single
// precision, and a decoder's logits.

import * as tf from "@tensorflow/tfjs";
import { readTensor } from "../checkpoint/tensors.ts";
import { least } from "../core/extent.ts";
import { disposeTree } from "../core/tree.ts";
import type { Tensor } from "../core/tensor.ts";
import { decoder } from "../decoder/decoder.ts";
import {
  type DescribedDecoder,
  type NamedTensors,
  type TokenLimits,
  tokenLimits,
} from "../decoder/described.ts";
import type { EntryOf } from "../model/interpreter.ts";
import type { LanguageModel } from "../decoder/generate.ts";
import type { EncoderDecoder } from "../decoder/translate.ts";
import { parametersIn } from "../model/parameters.ts";
import { isCausal, languageHeadOf, type ModelSpec, type Stack } from "../model/spec.ts";
import type { Model } from "./model.ts";

/**
 * The parameters that a model's spec names, as tensors.
 *
 * @param model The model.
 * @returns Tensors by name, float32; the caller frees them ({@linkcode disposeTree}).
 */
export async function loadParameters(
  { spec, tensors }: Pick<Model, "spec" | "tensors">,
): Promise<NamedTensors> {
  const loaded: Record<string, Tensor> = {};
  try {
    for (const name of parametersIn(spec).keys()) {
      if (!tensors.has(name)) continue;
      const values = Float32Array.from(await readTensor(tensors, name));
      loaded[name] = tf.tensor(values, [...tensors.info(name).shape], "float32");
    }
    return loaded;
  } catch (error) {
    disposeTree(loaded); // there was no room for the next one
    throw error;
  }
}

/** Tokens that are read at once where neither a table nor the configuration bounds them. */
const mostTokens = 8192;

/** The lengths beyond which heads turn otherwise; kept keys have turned by the usual speeds. */
function turningLengths({ stacks }: ModelSpec): number[] {
  return Object.values(stacks).flatMap(({ blocks }) =>
    blocks.flatMap(({ branches }) =>
      branches.flatMap(({ sublayer }) =>
        sublayer.kind === "attention" ? sublayer.rotary?.beyond?.length ?? [] : []
      )
    )
  );
}

/** How many tokens a model reads at once where no table of positions says it. */
function openContextOf({ config, spec }: Model): number {
  const named = config["max_position_embeddings"];
  const lengths = typeof named === "number" ? [named, mostTokens] : [mostTokens];
  return least([...lengths, ...turningLengths(spec)]);
}

/** What keeps a model from predicting the token after each, if anything does. */
function whyNoDecoder({ stacks }: ModelSpec): string | undefined {
  const [stack, ...others] = Object.values(stacks);
  if (stack?.entry.kind !== "tokens" || others.length > 0) return "it is not one stack of tokens";
  if (!isCausal(stack)) return "its attention is not causal";
  return undefined;
}

/** What keeps a model from predicting tokens at all, if anything does. */
function whyNoTokens({ spec, tensors }: Model): string | undefined {
  const head = languageHeadOf(spec);
  if (head === undefined) return "it has no head that predicts tokens";
  return tensors.has(head.linear.weight)
    ? undefined
    : `the checkpoint has no ${head.linear.weight}`;
}

/**
 * What keeps a model from continuing texts.
 *
 * @param model The model.
 * @returns The reason, as a clause, or undefined.
 */
export const whyNoLanguageModel = (model: Model): string | undefined =>
  whyNoDecoder(model.spec) ?? whyNoTokens(model);

/** The spec with the head that predicts tokens alone; `why` says what keeps the model from being what is wanted. */
function predicting(
  { spec, family }: Model,
  wanted: string,
  why: string | undefined,
): ModelSpec {
  if (why !== undefined) {
    throw new RangeError(`Cannot use this ${family.label} model as ${wanted}: ${why}`);
  }
  const { output: _, ...plain } = languageHeadOf(spec)!;
  return { ...spec, heads: [plain] };
}

/** What a stack of tokens reads. */
function limitsOf(model: Model, { entry }: Stack): TokenLimits {
  return tokenLimits(
    entry as EntryOf<"tokens">,
    (name) => model.tensors.info(name).shape,
    openContextOf(model),
  );
}

/**
 * Describes a model as a decoder.
 *
 * @param model The model.
 * @returns Its spec with the head that predicts tokens alone, and the limits on its tokens.
 * @throws {RangeError} If it is not one causal stack of tokens with such a head, or the checkpoint lacks that head's matrix.
 */
export function describeDecoder(model: Model): DescribedDecoder {
  const spec = predicting(model, "a language model", whyNoLanguageModel(model));
  return { spec, ...limitsOf(model, Object.values(spec.stacks)[0]!) };
}

/** Whether a model has an encoder and a decoder. */
export function isEncoderDecoder({ stacks }: ModelSpec): boolean {
  return stacks["encoder"] !== undefined && stacks["decoder"] !== undefined;
}

/** An encoder–decoder whose parameters are loaded. */
export interface LoadedEncoderDecoder extends Disposable {
  /** Tensors by the names in the spec. */
  readonly parameters: NamedTensors;
  /** What it computes. */
  readonly model: EncoderDecoder;
  /** What the decoder reads. */
  readonly limits: TokenLimits;
}

/**
 * Loads an encoder–decoder to translate with.
 *
 * @param model The model.
 * @returns What {@linkcode translate} and {@linkcode beamSearch} take; the caller disposes it.
 * @throws {RangeError} If it has no encoder, or no decoder that predicts tokens.
 */
export async function loadEncoderDecoder(model: Model): Promise<LoadedEncoderDecoder> {
  const why = isEncoderDecoder(model.spec) ? undefined : "it is not an encoder and a decoder";
  const spec = predicting(model, "an encoder–decoder", why ?? whyNoTokens(model));
  const limits = limitsOf(model, spec.stacks["decoder"]!);
  const parameters = await loadParameters({ spec, tensors: model.tensors });
  return {
    parameters,
    limits,
    model: { spec, context: openContextOf(model) },
    [Symbol.dispose]: () => disposeTree(parameters),
  };
}

/** A language model whose parameters are loaded. */
export interface LoadedModel extends LanguageModel, Disposable {}

/**
 * Loads a decoder to generate with.
 *
 * @param model The model.
 * @returns The language model; the caller disposes it.
 * @throws {RangeError} If it is no decoder.
 */
export async function loadLanguageModel(model: Model): Promise<LoadedModel> {
  const described = describeDecoder(model);
  const { spec, vocabulary, context } = described;
  const parameters = await loadParameters({ spec, tensors: model.tensors });
  return {
    vocabulary,
    context,
    logits: (tokens, store) => decoder(parameters, described, tokens, { store }),
    [Symbol.dispose]: () => disposeTree(parameters),
  };
}
