// The certificate: how equal two models are, measured on inputs, in float32 and in float64.

import type { DType } from "../checkpoint/dtype.ts";
import { requireInteger, requireNumber } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { version } from "../core/version.ts";
import { float32 } from "../interpret/float32.ts";
import { float64 } from "../interpret/float64.ts";
import type { ModelInputs } from "../interpret/inputs.ts";
import type { Model } from "../families/model.ts";
import { compareModels, type Comparison, worstOf } from "./compare.ts";
import { streamNorm } from "./convert.ts";
import { randomInputs, requireTokens } from "./inputs.ts";
import { measurePerplexity, type Perplexity } from "./perplexity.ts";
import { normsWithReaders } from "./readers_and_writers.ts";

/** How models are compared. */
export interface VerifyOptions {
  /** Seed of the random inputs; 0 by default. */
  readonly seed?: number;
  /** How many random inputs; 4 by default. */
  readonly sequences?: number;
  /** Sequences of tokens to compare besides. */
  readonly tokens?: readonly (readonly number[])[];
  /** The tokens of a text, for the perplexity of both. */
  readonly text?: readonly number[];
  /**
   * The largest relative difference of an output that passes in float32; by default 1e-4, and what the storage dtype rounds where that
   * is more (F16: 1e-2, BF16: 8e-2).
   */
  readonly tolerance?: number;
  /** The conversion of the first model before its tensors are rounded to their storage dtype, for the float64 test. */
  readonly unrounded?: Model;
}

/** What a model is, in a certificate. */
export interface ModelFacts {
  /** The family's id. */
  readonly family: string;
  /** The norms of its streams. */
  readonly norm: string;
  /** The dtype of its matrices. */
  readonly dtype: DType;
}

/** A proof by measurement that two models compute the same. */
export interface Certificate {
  /** The format of the certificate. */
  readonly format: 1;
  /** The version of normkit that measured. */
  readonly normkit: string;
  /** The model that is right. */
  readonly expected: ModelFacts;
  /** The model that was compared with it. */
  readonly actual: ModelFacts;
  /** The seed, and how many inputs were random and given. */
  readonly inputs: { readonly seed: number; readonly random: number; readonly given: number };
  /** The largest differences over all inputs, computed in float32, as engines do. */
  readonly float32: Comparison;
  /** The same in float64, on the tensors as they are stored: what rounding them changes. */
  readonly float64: Comparison;
  /** The same in float64 before tensors are rounded: a mistake keeps its size here, rounding falls by eight orders. */
  readonly unrounded?: Comparison;
  /** Of both models on the text. */
  readonly perplexity?: Perplexity;
  /** The largest relative difference of an output that passes. */
  readonly tolerance: number;
  /** Whether it has passed. */
  readonly passed: boolean;
}

/** What storage in a dtype may change, relative to the largest output. */
const tolerances: Partial<Readonly<Record<DType, number>>> = { F16: 1e-2, BF16: 8e-2 };

/** The dtype of a model's reading matrices. */
export function dtypeOf({ spec, tensors }: Model): DType {
  const [site] = normsWithReaders(spec).filter(({ readers }) => readers.length > 0);
  return tensors.info(site!.readers[0]!.weight).dtype;
}

function factsOf(model: Model): ModelFacts {
  return { family: model.family.id, norm: streamNorm(model), dtype: dtypeOf(model) };
}

/** The largest relative difference among the outputs. */
export function largestOf({ outputs }: Comparison): number {
  return Math.max(...Object.values(outputs).map(({ relative }) => relative));
}

/** The float64 difference above which an unrounded conversion is wrong. */
const exact = 1e-10;

/**
 * Compares two models that should compute the same function.
 *
 * @param expected The model that is right.
 * @param actual The other one.
 * @param options Inputs and tolerance.
 * @returns The certificate; it has passed where every output agrees to the tolerance in float32 and, where there is an unrounded
 * conversion, to 1e-10 in float64.
 * @throws {RangeError} If an input does not fit, or the models do not have the same outputs.
 */
export async function verify(
  expected: Model,
  actual: Model,
  options: VerifyOptions = {},
): Promise<Certificate> {
  requireOptions("verify()", options, {
    seed: "number?",
    sequences: "number?",
    tokens: "list?",
    text: "list?",
    tolerance: "number?",
    unrounded: "object?",
  });
  const { tokens = [], text, unrounded } = options;
  const seed = requireInteger("seed", options.seed ?? 0, { min: 0 });
  const random = requireInteger("sequences", options.sequences ?? 4, { min: 0 });
  const dtype = dtypeOf(actual);
  const standard = Math.max(1e-4, tolerances[dtype] ?? 0);
  const tolerance = requireNumber("tolerance", options.tolerance ?? standard, { above: 0 });
  const given = tokens.map((row): ModelInputs => ({ tokens: requireTokens(expected, row) }));
  const inputs = [...randomInputs(expected, seed, random), ...given];
  if (inputs.length === 0) {
    throw new RangeError("Cannot compare models on no input: give tokens, or sequences ≥ 1");
  }
  const over = async (
    compare: (inputs: ModelInputs) => Promise<Comparison>,
  ): Promise<Comparison> => {
    const comparisons: Comparison[] = [];
    for (const one of inputs) comparisons.push(await compare(one));
    return worstOf(comparisons);
  };
  const single = await over((one) =>
    compareModels(expected, actual, one, { arithmetic: float32(), dtype })
  );
  const double = (other: Model): Promise<Comparison> =>
    over((one) => compareModels(expected, other, one, { arithmetic: float64, dtype }));
  const stored = await double(actual);
  const before = unrounded === undefined ? undefined : await double(unrounded);
  const perplexity = text === undefined
    ? undefined
    : await measurePerplexity(expected, actual, text);
  return {
    format: 1,
    normkit: version,
    expected: factsOf(expected),
    actual: factsOf(actual),
    inputs: { seed, random, given: given.length },
    float32: single,
    float64: stored,
    ...(before === undefined ? {} : { unrounded: before }),
    ...(perplexity === undefined ? {} : { perplexity }),
    tolerance,
    passed: largestOf(single) <= tolerance && (before === undefined || largestOf(before) <= exact),
  };
}
