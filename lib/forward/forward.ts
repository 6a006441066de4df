// The forward pass of a described model: each stack from its entry to its final norm, then the heads. It holds the parameters
// of one matrix at a time, so that a large checkpoint runs in little memory.

import type { TensorSource } from "../checkpoint/tensors.ts";
import { requireOptions } from "../core/options.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { type Memories, runBlock } from "./block.ts";
import type { Description, Head, Stack } from "../families/description.ts";
import { enter } from "./entry.ts";
import { runHead } from "./head.ts";
import { inputOf, type ModelInputs, type Values } from "./inputs.ts";
import type { Model } from "../families/model.ts";
import { inScope, normalize, type Place } from "./place.ts";

/** Options of {@linkcode runStack}. */
export interface StackOptions<T> {
  /** The final norms of the stacks that came before, by name, for cross-attention. */
  readonly memory?: Memories<T>;
  /**
   * Receives the stream [T · width] after each layer: 0 is what enters the first layer, l what layer l leaves, before any final
   * norm. The next layer waits for it.
   */
  readonly onLayer?: (layer: number, stream: Float64Array) => void | Promise<void>;
}

/**
 * Runs one stack.
 *
 * @param arithmetic What computes.
 * @param tensors The parameters; each is read when it is needed.
 * @param stack The stack.
 * @param input What the model reads.
 * @param options Memories and an observer.
 * @returns The final norm [T, width], or the stream where there is none; the caller frees it.
 * @throws {RangeError} If an input, memory or parameter is missing or does not fit.
 */
export function runStack<T>(
  arithmetic: Arithmetic<T>,
  tensors: TensorSource,
  stack: Stack,
  input: ModelInputs,
  { memory = {}, onLayer }: StackOptions<T> = {},
): Promise<T> {
  return inScope({ arithmetic, tensors }, async (place) => {
    let stream = await enter(place, stack, input);
    await onLayer?.(0, await place.arithmetic.read(stream));
    for (const [index, block] of stack.blocks.entries()) {
      const next = await runBlock(place, block, stream, memory);
      place.arithmetic.free(stream);
      stream = next;
      await onLayer?.(index + 1, await place.arithmetic.read(stream));
    }
    return stack.final === undefined ? stream : await normalize(place, stack.final, stream);
  });
}

/** Options of {@linkcode runModel}. */
export interface ModelOptions {
  /** Receives the stream of each stack after each layer, as `onLayer` of {@linkcode runStack} does. */
  readonly onLayer?: (
    stack: string,
    layer: number,
    stream: Float64Array,
  ) => void | Promise<void>;
}

/** What a model gives. */
export interface ModelOutputs {
  /** The outputs by name: `logits` where there is one head, else by the heads' names. */
  readonly outputs: Readonly<Record<string, Values>>;
}

/** The final norms of the stacks whose input is given. */
async function runStacks<T>(
  { arithmetic, tensors }: Place<T>,
  { stacks }: Description,
  inputs: ModelInputs,
  { onLayer }: ModelOptions,
): Promise<Record<string, T>> {
  const finals: Record<string, T> = {};
  for (const [name, stack] of Object.entries(stacks)) {
    if (inputs[inputOf[stack.entry.kind]] === undefined) continue;
    finals[name] = await runStack(arithmetic, tensors, stack, inputs, {
      memory: finals,
      ...(onLayer === undefined
        ? {}
        : { onLayer: (layer: number, stream: Float64Array) => onLayer(name, layer, stream) }),
    });
  }
  if (Object.keys(finals).length === 0) {
    const wanted = Object.values(stacks).map(({ entry }) => inputOf[entry.kind]);
    throw new RangeError(`Cannot run without an input: this model reads ${wanted.join(", ")}`);
  }
  return finals;
}

/** The name of a head's output. */
function outputName({ heads }: Description, head: Head): string {
  return head.output ?? (heads.length === 1 ? "logits" : head.stack);
}

async function valuesOf<T>(arithmetic: Arithmetic<T>, x: T): Promise<Values> {
  return { shape: arithmetic.size(x), values: await arithmetic.read(x) };
}

/**
 * Runs a model on one sequence, image or sound. Stacks whose input is not given do not run, and neither do their heads.
 *
 * @param arithmetic What computes: `float64`, or `float32()` on tfjs's backend in use.
 * @param model What it computes, and its parameters.
 * @param inputs What it reads.
 * @param options An observer.
 * @returns What each head makes of its stack, [rows read, outputs]; of a model without heads the final norms by stack.
 * @throws {RangeError} If an input or parameter is missing or does not fit, or two outputs have one name.
 */
export function runModel<T>(
  arithmetic: Arithmetic<T>,
  { description, tensors }: Pick<Model, "description" | "tensors">,
  inputs: ModelInputs,
  options: ModelOptions = {},
): Promise<ModelOutputs> {
  requireOptions("runModel()", options, { onLayer: "function?" });
  requireOptions("a model's inputs", inputs, {
    tokens: "list?",
    pixels: "object?",
    features: "object?",
  });
  for (const values of [inputs.pixels, inputs.features]) {
    if (values === undefined) continue;
    requireOptions("an input of a model", values, { shape: "list", values: "list" });
  }
  return inScope({ arithmetic, tensors }, async (place) => {
    const finals = await runStacks(place, description, inputs, options);
    const outputs: Record<string, Values> = {};
    if (description.heads.length === 0) {
      for (const [name, final] of Object.entries(finals)) {
        outputs[name] = await valuesOf(place.arithmetic, final);
      }
    }
    for (const head of description.heads) {
      const final = finals[head.stack];
      const stack = description.stacks[head.stack];
      if (final === undefined || stack === undefined) continue;
      const name = outputName(description, head);
      if (Object.hasOwn(outputs, name)) {
        throw new RangeError(`Cannot name two outputs ${name}: name the heads`);
      }
      const result = await runHead(place, head, final, { stack, inputs });
      outputs[name] = await valuesOf(place.arithmetic, result);
      place.arithmetic.free(result);
    }
    return { outputs };
  });
}
