// The certificate: every tensor of a model held against the conversion of another, and the outputs of both, in float32 and in float64.

import type { DType } from "../checkpoint/dtype.ts";
import { isCheckpoint } from "../checkpoint/reader.ts";
import { requireInteger, requireNumber } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { version } from "../core/version.ts";
import { accountOf } from "../families/account.ts";
import { convertedNormsOf } from "../families/converted_norms.ts";
import { describeModel, type Model } from "../families/model.ts";
import type { ModelInputs } from "../interpret/inputs.ts";
import { parametersIn } from "../model/parameters.ts";
import type { Certificate, Check, ModelFacts } from "./certificate.ts";
import * as checks from "./checks.ts";
import { largestOf, nothingCompared } from "./compare.ts";
import { compareConfigs, type ConfigComparison } from "./compare_configs.ts";
import { compareTensors, type TensorComparison } from "./compare_tensors.ts";
import { centerAgain } from "./center.ts";
import { isCentered, streamNorm } from "./convert.ts";
import { chooseRuns } from "./coverage.ts";
import { requireTokens } from "./inputs.ts";
import { keptParameters } from "./kept_norms.ts";
import { type Limits, limitsOf, unitOf } from "./limits.ts";
import { measure, type Measured } from "./measure_outputs.ts";
import { measurePerplexity } from "./perplexity.ts";
import { namesDType, planTensors, withDType } from "./save.ts";

/** What a model should be: the conversion of another, done again. */
export interface Conversion {
  /** The model, before its tensors are rounded. */
  readonly model: Model;
  /** The dtype in which its floating-point tensors are stored; what each has when absent. */
  readonly dtype?: DType;
  /** Whether it computes the same function; GPT-2, which has one ε, may only come near. */
  readonly exact: boolean;
  /** Conversions one after the other, tensors rounded between them. */
  readonly steps: number;
  /** The version of normkit that wrote the model which is compared. */
  readonly madeBy: string;
  /** What was done, for people. */
  readonly text: string;
  /** What lies beside the model otherwise than its source's files ask for, each as a clause; where both are folders. */
  readonly beside?: readonly string[];
  /** The same conversion of another model, where it is known how it was done. */
  readonly ofAnother?: (source: Model) => Promise<Model>;
}

/** How models are compared. */
export interface VerifyOptions {
  /** Seed of the random inputs; 0 by default. */
  readonly seed?: number;
  /** How many random inputs; 4 by default, 1 of a large model. */
  readonly sequences?: number;
  /** Sequences of tokens to compare besides. */
  readonly tokens?: readonly (readonly number[])[];
  /** The tokens of a text, for the perplexity of both. */
  readonly text?: readonly number[];
  /** The largest difference of an output that passes, relative to the spread of the outputs; by default what rounding explains. */
  readonly tolerance?: number;
  /** The conversion of the first model before its tensors are rounded to the dtype of the second: all tensors are compared with it. */
  readonly unrounded?: Model;
  /** The same with what a folder records of it; or the reason why its record does not fit. */
  readonly conversion?: Conversion | { readonly problem: string };
}

/** The dtype that rounds more. */
const coarser = (a: DType, b: DType): DType => unitOf(a) > unitOf(b) ? a : b;

/** The dtype of a model's parameters; of several the one that rounds most. */
export function dtypeOf({ spec, tensors }: Model): DType {
  return [...parametersIn(spec).keys()]
    .filter((name) => tensors.has(name))
    .map((name) => tensors.info(name).dtype)
    .reduce(coarser);
}

function factsOf(model: Model): ModelFacts {
  return {
    family: model.family.id,
    norm: streamNorm(model),
    dtype: dtypeOf(model),
    unused: accountOf(model).unused,
    notes: model.notes ?? [],
    kept: convertedNormsOf(model.config) === undefined ? [] : keptParameters(model),
  };
}

/** The conversion that options speak of. */
function conversionIn(
  { unrounded, conversion }: VerifyOptions,
  actual: Model,
): Conversion | undefined {
  if (conversion !== undefined) return "problem" in conversion ? undefined : conversion;
  if (unrounded === undefined) return undefined;
  const [dtype, own] = [dtypeOf(actual), dtypeOf(unrounded)];
  const { config } = unrounded;
  const isNamed = namesDType(actual.config) && !namesDType(config); // by who saved it
  return {
    model: isNamed ? { ...unrounded, config: withDType(config, dtype) } : unrounded,
    exact: true,
    steps: 1,
    madeBy: version,
    text: "the conversion at hand",
    ...(dtype === own || unitOf(dtype) === 0 ? {} : { dtype }),
  };
}

/** What is found without running anything. */
interface Stored {
  readonly tensors: TensorComparison;
  readonly configuration: ConfigComparison;
}

/** What had to be mended of a folder, whose tensors are called as they are written. */
function mendsOf({ tensors }: Model): readonly string[] {
  return isCheckpoint(tensors) ? tensors.mended.map((mend) => `mended (${mend})`) : [];
}

/** Holds what is stored against the conversion. */
async function compareStored({ model, dtype }: Conversion, actual: Model): Promise<Stored> {
  const config = withDType(model.config, dtype);
  const expected = describeModel(model.family, config, model.tensors, model.storedHead);
  const tensors = await compareTensors(planTensors(model, dtype), planTensors(actual));
  return {
    configuration: compareConfigs(expected, actual),
    tensors: { ...tensors, unlike: [...mendsOf(actual), ...tensors.unlike] },
  };
}

function storedChecks(
  { tensors, configuration }: Stored,
  { madeBy, beside }: Conversion,
): Check[] {
  return [
    checks.tensorsAreThere(tensors),
    checks.numbersAreSame(tensors, madeBy === version),
    checks.configurationIsSame(configuration),
    ...(beside === undefined ? [] : [checks.companionsAreSame(beside)]),
  ];
}

/**
 * A source and its conversion before tensors are rounded, which compute the same to the digits of float64. A source that was centered and
 * stored has streams whose means are of the size of rounding: an RMSNorm sees them, a LayerNorm does not, and a compressed stream puts
 * them elsewhere. So they are taken away, and the conversion is done of that.
 */
async function exactPair(
  source: Model,
  { model, ofAnother }: Conversion,
): Promise<readonly [Model, Model] | undefined> {
  const kind = streamNorm(source);
  if (!isCentered(source) || kind === "crms" || kind === streamNorm(model)) return [source, model];
  if (ofAnother === undefined) return undefined;
  const centered = centerAgain(source);
  return [centered, await ofAnother(centered)];
}

/** What is left to say where a model cannot be run as the other, since its tensors or its configuration are not as they should be. */
function withoutRuns(error: unknown, stored: readonly Check[]): Measured {
  if (!(error instanceof RangeError) || stored.every(({ passed }) => passed)) throw error;
  return {
    ...{ baseline: nothingCompared, float32: nothingCompared, float64: nothingCompared },
    notNumbers: { expected: 0, actual: 0, all: 0 },
    cannotRun: error.message,
  };
}

/** The conditions on outputs. */
function outputChecks(
  measured: Measured,
  limitsFor: (output?: string) => Limits,
  { dtype, alone }: { readonly dtype: DType; readonly alone: boolean },
): Check[] {
  const { float32: single, float64: double, unrounded, notNumbers, cannotRun } = measured;
  if (cannotRun !== undefined) return [checks.outputsAreThere(cannotRun)];
  const areNumbers = checks.outputsAreNumbers(notNumbers);
  if (!areNumbers.passed) return [areNumbers];
  return [
    areNumbers,
    ...(alone ? [checks.outputsTell(double)] : []),
    ...(unrounded === undefined ? [] : checks.conversionIsExact(
      unrounded,
      (output) => limitsFor(output).unrounded,
    )),
    ...checks.outputsAreSame(
      double,
      (output, offset) => limitsFor(output).stored + limitsFor(output).storedOffset * offset,
    ),
    checks.choicesAreSame(double, dtype),
    ...checks.float32IsSame(
      single,
      (output, offset) => limitsFor(output).single + limitsFor(output).singleOffset * offset,
    ),
  ];
}

/** Why outputs are all that is compared, or with what tensors are. */
function basisOf({ conversion }: VerifyOptions, made: Conversion | undefined): string {
  if (made !== undefined) return `all tensors, by ${made.text} of the first model, done again`;
  return conversion === undefined
    ? "outputs alone: the second model does not record that it was made of the first"
    : "outputs alone: the record of the second model does not fit";
}

function recordChecks({ conversion }: VerifyOptions): Check[] {
  if (conversion === undefined) return [];
  return "problem" in conversion
    ? [checks.recordFits(conversion.problem, "")]
    : [checks.recordFits(undefined, conversion.text)];
}

/**
 * Compares two models that should compute the same function.
 *
 * Where the second is said to be a conversion of the first, that is done again and every tensor compared with it, bit by bit. Then both
 * run on the same inputs.
 *
 * @param expected The model that is right.
 * @param actual The other one.
 * @param options Inputs, tolerance and the conversion.
 * @returns The certificate, a list of named checks; it has passed where each of them has.
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
    conversion: "object?",
  });
  const { text, tolerance } = options;
  const seed = requireInteger("seed", options.seed ?? 0, { min: 0 });
  if (tolerance !== undefined) requireNumber("tolerance", tolerance, { above: 0 });
  const { sequences } = options;
  if (sequences !== undefined) requireInteger("sequences", sequences, { min: 0 });
  const given = (options.tokens ?? [])
    .map((row): ModelInputs => ({ tokens: requireTokens(expected, row) }));
  const made = conversionIn(options, actual);
  const alone = made === undefined;
  const runs = chooseRuns(expected, { seed, sequences, given, alone });
  if (runs.inputs.length === 0) {
    throw new RangeError("Cannot compare models on no input: give tokens, or sequences ≥ 1");
  }
  const stored = made === undefined ? undefined : await compareStored(made, actual);
  const isProvable = runs.isSmall && made?.exact === true && made.steps === 1;
  const pair = isProvable ? await exactPair(expected, made) : undefined;
  const storedList = stored === undefined ? [] : storedChecks(stored, made!);
  const dtype = alone ? coarser(dtypeOf(expected), dtypeOf(actual)) : dtypeOf(actual); // either may have been made of the other
  const measured = await measure({ expected, actual, pair, dtype, runs })
    .catch((error: unknown) => withoutRuns(error, storedList));
  const baselineOf = (output: string | undefined): number =>
    output === undefined
      ? largestOf(measured.baseline)
      : measured.baseline.outputs[output]!.relative;
  const limitsFor = (output?: string): Limits =>
    limitsOf({
      dtype,
      baseline: runs.inSingle ? baselineOf(output) : Infinity, // not known
      steps: made?.steps ?? 1,
      exact: made?.exact ?? true,
      identical: stored?.tensors.differing === 0 && stored.tensors.unlike.length === 0,
      ...(tolerance === undefined ? {} : { tolerance }),
    });
  const list = [
    ...recordChecks(options),
    ...storedList,
    ...outputChecks(measured, limitsFor, { dtype, alone }),
  ];
  const { notNumbers: _, cannotRun: _cannot, ...comparisons } = measured;
  const perplexity = text === undefined || measured.cannotRun !== undefined
    ? undefined
    : await measurePerplexity(expected, actual, text);
  return {
    format: 2,
    normkit: version,
    expected: factsOf(expected),
    actual: factsOf(actual),
    basis: basisOf(options, made),
    checks: list,
    passed: list.every(({ passed }) => passed),
    inputs: runs.coverage,
    ...stored,
    ...comparisons,
    ...(perplexity === undefined ? {} : { perplexity }),
    tolerance: runs.inSingle ? limitsFor().single : limitsFor().stored,
  };
}
