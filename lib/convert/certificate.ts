// What a certificate holds: named checks, each with what was measured and its limit, and the measurements behind them.

import type { DType } from "../checkpoint/dtype.ts";
import type { Comparison } from "./compare.ts";
import type { ConfigComparison } from "./compare_configs.ts";
import type { TensorComparison } from "./compare_tensors.ts";
import type { KeptParameters } from "./kept_norms.ts";
import type { Perplexity } from "./perplexity.ts";

/** What a model is, in a certificate. */
export interface ModelFacts {
  /** The family's id. */
  readonly family: string;
  /** The norms of its streams. */
  readonly norm: string;
  /** The dtype of its matrices. */
  readonly dtype: DType;
  /** Tensors that nothing described reads, and which no output tells of. */
  readonly unused: readonly string[];
  /** What is to be known of how it was read. */
  readonly notes: readonly string[];
  /** Of a converted model the gains and biases of norms that no conversion folds, by why they stay. */
  readonly kept: readonly KeptParameters[];
}

/** One condition of a certificate. */
export interface Check {
  /** What is looked at, such as `tensors` or `float64: logits`. */
  readonly name: string;
  /** What was found. */
  readonly measured: string | number;
  /** What would still pass. */
  readonly limit: string | number;
  /** Whether it passes. */
  readonly passed: boolean;
}

/** Which inputs two models were run on. */
export interface Coverage {
  /** The seed of random inputs. */
  readonly seed: number;
  /** How many were random. */
  readonly random: number;
  /** How many were given. */
  readonly given: number;
  /** Tokens of the longest one, where models read tokens, and as many as the model can read; null where nothing stored bounds them. */
  readonly tokens?: { readonly longest: number; readonly context: number | null };
  /** Present where models ran in float64 alone: large ones, unless inputs were asked for. */
  readonly float64?: true;
  /** How many layers of each stack ran, and how many the longest has; all when absent. */
  readonly layers?: { readonly run: number; readonly of: number };
}

/** A proof that two models compute the same. */
export interface Certificate {
  /** The format of the certificate. */
  readonly format: 2;
  /** The version of normkit that measured. */
  readonly normkit: string;
  /** The model that is right. */
  readonly expected: ModelFacts;
  /** The model that was compared with it. */
  readonly actual: ModelFacts;
  /** What the second model was held against besides outputs: the conversion of the first, or a sentence on why there is none. */
  readonly basis: string;
  /** All conditions. */
  readonly checks: readonly Check[];
  /** Whether all of them pass. */
  readonly passed: boolean;
  /** What was run. */
  readonly inputs: Coverage;
  /** Every number of the second model, held against the conversion of the first. */
  readonly tensors?: TensorComparison;
  /** Its configuration, held against that of the conversion. */
  readonly configuration?: ConfigComparison;
  /** The first model in float32 against itself in float64: what rounding alone changes; nothing where float32 did not run. */
  readonly baseline: Comparison;
  /**
   * The second model in float32, as engines compute, against the first in float64; the largest differences over all inputs, and nothing
   * where float32 did not run.
   */
  readonly float32: Comparison;
  /** Both in float64, on the tensors as they are stored: what rounding them changes. */
  readonly float64: Comparison;
  /** The same before tensors are rounded: a mistake keeps its size here, rounding falls by eight orders. */
  readonly unrounded?: Comparison;
  /** Of both models on the text. */
  readonly perplexity?: Perplexity;
  /** The largest difference of an output in float32 that passes, relative to the spread of the outputs. */
  readonly tolerance: number;
}
