// A described model on a batch, with what training wants besides: dropout, taps, masks over padding.

import * as tf from "@tensorflow/tfjs";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { requireFloats, tensorsOf } from "../core/tree.ts";
import { type EagerInputs, eagerInterpreter } from "../interpret/eager.ts";
import type { KeyValueStore } from "../interpret/eager_attention.ts";
import { forward } from "../model/forward.ts";
import type { ModelSpec } from "../model/spec.ts";
import { dropout } from "../ops/dropout.ts";
import { recompute } from "../ops/recompute.ts";
import type { State } from "../residual/algebra.ts";

/** Receives named activations while the model runs; one that is to outlive the run must be cloned and kept (`tf.keep`). */
export type Tap = (name: string, value: Tensor) => void;

/** What a forward pass may do besides. */
export interface RunOptions {
  /** Keys and values of tokens that came before. */
  readonly store?: KeyValueStore;
  /** How many tokens or frames of each sequence count where attention sees both sides; those that follow are padding. */
  readonly keyLengths?: readonly number[];
  /** Receives named activations. */
  readonly tap?: Tap;
  /** Draws the dropout masks; without it nothing is dropped (evaluation). */
  readonly dropout?: Random;
  /**
   * Whether a gradient keeps the stream before each layer alone and computes the layers again; where a tap is given, they are kept.
   * Values and gradients are the same.
   */
  readonly checkpointing?: boolean;
  /** The optimizer step under way, for variants whose constants depend on it. */
  readonly step?: number;
}

/** What a model reads of a batch, and how much of it is no padding. */
export interface BatchInputs extends Pick<RunOptions, "keyLengths"> {
  /** Tokens, pixels, features. */
  readonly inputs: EagerInputs;
}

const optionKinds: OptionKinds<RunOptions> = {
  store: "object?",
  keyLengths: "list?",
  tap: "function?",
  dropout: "object?",
  checkpointing: "boolean?",
  step: "number?",
};

/** Runs a layer so that a gradient computes it again; a state of several streams is one tensor meanwhile. */
function runAgain(
  run: (given: readonly Tensor[]) => State<Tensor>,
  given: readonly Tensor[],
  reads: readonly Tensor[],
): State<Tensor> {
  const joinedAfter = (before: readonly Tensor[]): Tensor => {
    const state = run(before);
    return state.length === 1 ? state[0] : tf.stack([...state]);
  };
  const joined = recompute(joinedAfter, given, reads);
  return joined.rank === given[0]!.rank ? [joined] : tf.unstack(joined) as unknown as State<Tensor>;
}

/**
 * Runs a model on a batch.
 *
 * @param parameters A tree of tensors whose paths are the names in the spec.
 * @param model The spec, and the share of values that training drops.
 * @param inputs What it reads.
 * @param options Taps, dropout, masks.
 * @returns What each head gives, by name; of a model without heads what its stacks give.
 * @throws {RangeError} If a parameter or an input is missing or does not fit, or an option is unknown.
 * @throws {TypeError} If a parameter is not float32.
 */
export function runBatch(
  parameters: unknown,
  model: { readonly spec: ModelSpec; readonly dropout?: number },
  inputs: EagerInputs,
  options: RunOptions = {},
): Record<string, Tensor> {
  requireOptions("runBatch()", options, optionKinds);
  const { spec, dropout: rate = 0 } = model;
  const { tap, step, store, keyLengths, checkpointing } = options;
  const leaves = tensorsOf(parameters);
  requireFloats(leaves);
  const named = new Map(leaves.map(({ path, value }) => [path, value]));
  const isAlone = Object.keys(spec.stacks).length === 1;
  const drop = (x: Tensor, stack: string, label: string): Tensor =>
    options.dropout === undefined
      ? x
      : dropout(x, rate, options.dropout.fork(isAlone ? label : `${stack}.${label}`));
  const engine = eagerInterpreter({
    parameter: (name) => named.get(name),
    inputs,
    ...(keyLengths === undefined ? {} : { keyLengths }),
    ...(store === undefined ? {} : { store }),
    ...(tap === undefined ? {} : { onPattern: tap }),
  });
  return tf.tidy(() =>
    forward(engine, spec, {
      entered: (x, stack) => drop(x, stack, "embed"),
      added: (y, { layer, role, stack }, rows) =>
        drop(
          y,
          stack,
          [`blocks.${layer}.${role}`, ...(rows === undefined ? [] : [rows])].join("."),
        ),
      ...(tap === undefined ? {} : { tap }),
      ...(checkpointing === true && tap === undefined
        ? {
          layer: (run, given, names) =>
            runAgain(
              run,
              given,
              leaves.filter(({ path }) => names.has(path)).map(({ value }) => value),
            ),
        }
        : {}),
      ...(step === undefined ? {} : { step }),
    })
  );
}
