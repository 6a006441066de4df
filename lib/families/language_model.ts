// A described decoder as a language model: its parameters as tensors, in single precision, and its logits.

import * as tf from "@tensorflow/tfjs";
import { readTensor } from "../checkpoint/tensors.ts";
import { disposeTree } from "../core/tree.ts";
import type { Tensor } from "../core/tensor.ts";
import type { LanguageModel } from "../decoder/generate.ts";
import { batchOfTokens } from "../decoder/decoder.ts";
import { eagerInterpreter } from "../interpret/eager.ts";
import { forward } from "../model/forward.ts";
import { type Entry, namesIn } from "../model/spec.ts";
import type { Model } from "./model.ts";

/**
 * The parameters that a model's spec names, as tensors.
 *
 * @param model The model.
 * @returns Tensors by name, float32; the caller frees them ({@linkcode disposeTree}).
 */
export async function loadParameters(
  { spec, tensors }: Pick<Model, "spec" | "tensors">,
): Promise<Record<string, Tensor>> {
  const loaded: Record<string, Tensor> = {};
  for (const name of namesIn(spec)) {
    if (!tensors.has(name)) continue;
    const values = Float32Array.from(await readTensor(tensors, name));
    loaded[name] = tf.tensor(values, [...tensors.info(name).shape], "float32");
  }
  return loaded;
}

/** Tokens that are read at once where neither a table nor the configuration bounds them. */
const mostTokens = 8192;

/** How many tokens a model reads at once. */
function contextOf({ config, tensors }: Model, entry: Extract<Entry, { kind: "tokens" }>): number {
  const { positions, offset } = entry;
  if (positions !== undefined) return tensors.info(positions.table).shape.at(-2)! - offset;
  const named = config["max_position_embeddings"];
  return typeof named === "number" ? Math.min(named, mostTokens) : mostTokens;
}

/** A language model whose parameters are loaded. */
export interface LoadedModel extends LanguageModel, Disposable {}

/**
 * Loads a decoder to generate with.
 *
 * @param model The model.
 * @returns The language model; the caller disposes it.
 * @throws {RangeError} If it is not one stack of tokens with a head that reads every row.
 */
export async function loadLanguageModel(model: Model): Promise<LoadedModel> {
  const { spec, tensors, family } = model;
  const [stack, ...others] = Object.values(spec.stacks);
  const [head] = spec.heads;
  if (
    stack?.entry.kind !== "tokens" || others.length > 0 || spec.heads.length !== 1 ||
    head!.reads !== "all"
  ) {
    throw new RangeError(
      `Cannot generate with this ${family.label} model: it is not one decoder of tokens with a head for each of them`,
    );
  }
  const context = contextOf(model, stack.entry);
  const vocabulary = tensors.info(stack.entry.tokens.table).shape[0]!;
  const parameters = await loadParameters(model);
  return {
    vocabulary,
    context,
    logits: (tokens, store) => {
      const batch = batchOfTokens(tokens, { vocabulary, context }, store.past);
      const engine = eagerInterpreter({
        parameter: (name) => parameters[name],
        inputs: { tokens: batch },
        store,
      });
      return tf.tidy(() => Object.values(forward(engine, spec))[0]!);
    },
    [Symbol.dispose]: () => disposeTree(parameters),
  };
}
