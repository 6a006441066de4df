// The conditions of a certificate, one function each.

import { nameText } from "../core/excerpt.ts";
import type { DType } from "../checkpoint/dtype.ts";
import type { Check } from "./certificate.ts";
import type { Comparison } from "./compare.ts";
import type { ConfigComparison } from "./compare_configs.ts";
import type { TensorComparison } from "./compare_tensors.ts";
import type { OutputDifference } from "./output_difference.ts";

/**
 * The share of rows that choose the same although their parameters were rounded to 8 or 11 digits, which moves close outputs past each
 * other: of tiny models of random weights 99 in a hundred and more do in BF16, after three conversions 98.
 */
const agreeingInHalf = 0.9;

/** The fewest of some rows that chance leaves of that share: three standard deviations below its mean. */
function fewestAgreeing(rows: number): number {
  const chance = 3 * Math.sqrt(rows * agreeingInHalf * (1 - agreeingInHalf));
  return Math.max(0, Math.floor(agreeingInHalf * rows - chance));
}

/** The first few clauses of a list. */
function few(clauses: readonly string[]): string {
  const more = clauses.length > 3 ? `, and ${clauses.length - 3} more` : "";
  return `${clauses.slice(0, 3).join(", ")}${more}`;
}

function atMost(name: string, measured: number, limit: number): Check {
  return { name, measured, limit, passed: measured <= limit };
}

/** That a folder has the tensors that the conversion gives, under the same names, in the same shapes and dtypes. */
export function tensorsAreThere({ tensors, unlike }: TensorComparison): Check {
  return {
    name: "tensors",
    measured: unlike.length === 0 ? `all ${tensors}` : few(unlike),
    limit: `all ${tensors}, in shape and dtype`,
    passed: unlike.length === 0,
  };
}

/**
 * That every number is what the conversion gives. Arithmetic in float64 that is rounded once gives the same bits each time, so another
 * number is a change; a version that adds in another order may come to the next number.
 */
export function numbersAreSame(found: TensorComparison, isSameVersion: boolean): Check {
  const { numbers, differing, farthest } = found;
  const far = farthest === undefined
    ? ""
    : `: ${
      nameText(farthest.tensor)
    }[${farthest.at}] is ${farthest.actual} instead of ${farthest.expected}, ` +
      `${farthest.ulp.toPrecision(2)} ulp`;
  return {
    name: "numbers",
    measured: differing === 0
      ? `all ${numbers} identical`
      : `${differing} of ${numbers} differ${far}`,
    limit: isSameVersion ? "identical" : "1 ulp (another version made it)",
    passed: differing === 0 || (!isSameVersion && farthest!.ulp <= 1),
  };
}

/** That the configuration says of the tensors what that of the conversion says. */
export function configurationIsSame({ unlike }: ConfigComparison): Check {
  return {
    name: "configuration",
    measured: unlike.length === 0 ? "same" : few(unlike),
    limit: "same",
    passed: unlike.length === 0,
  };
}

/** That tokenizers, templates and other settings are those of the source, and a description that of the model. */
export function companionsAreSame(unlike: readonly string[]): Check {
  return {
    name: "companions",
    measured: unlike.length === 0 ? "same" : few(unlike),
    limit: "same",
    passed: unlike.length === 0,
  };
}

/** That the record of a folder tells how it was made. */
export function recordFits(problem: string | undefined, text: string): Check {
  return {
    name: "record",
    measured: problem ?? text,
    limit: "conversions that can be done again",
    passed: problem === undefined,
  };
}

/** That both models give outputs of the same names and sizes; this one says why they do not. */
export function outputsAreThere(problem: string): Check {
  return {
    name: "outputs",
    measured: problem,
    limit: "of the same names and sizes",
    passed: false,
  };
}

/** That there are numbers to compare. */
export function outputsAreNumbers(
  notNumbers: { readonly expected: number; readonly actual: number; readonly all: number },
): Check {
  const { expected, actual, all } = notNumbers;
  return {
    name: "finite outputs",
    measured: expected + actual === 0
      ? "all"
      : `not numbers: ${expected} of ${all} of the first model, ${actual} of the second`,
    limit: "all",
    passed: expected + actual === 0,
  };
}

/** That outputs can tell models apart, where nothing else does. */
export function outputsTell({ outputs }: Comparison): Check {
  const tell = Object.values(outputs).some(({ deviation }) => deviation > 0);
  return {
    name: "telling outputs",
    measured: tell ? "yes" : "no: all numbers of a row are equal, as of any model of zeros",
    limit: "yes",
    passed: tell,
  };
}

/** That the conversion computes the same function before its tensors are rounded. */
export function conversionIsExact(
  { outputs }: Comparison,
  limitOf: (output: string) => number,
): Check[] {
  return Object.entries(outputs).map(([name, { relative, offset }]) =>
    atMost(`float64, unrounded: ${name}`, relative, limitOf(name) * Math.max(1, offset))
  );
}

/** Of logits, that they are the same distributions: a number that all of them have in common falls out. */
function distributionIsSame(
  name: string,
  { logProbability, kl, deviation }: OutputDifference,
  limit: number,
): Check[] {
  if (logProbability === undefined || kl === undefined) return [];
  return [
    atMost(`${name}, log-probabilities`, logProbability, limit),
    // ½ Δ² of log-probabilities that are off by Δ, here four times the limit in standard deviations of the logits
    atMost(`${name}, KL`, kl, 0.5 * (4 * limit * deviation) ** 2 + 1e-12),
  ];
}

/** That outputs of stored tensors agree in float64: each number, as distributions, and on the average. */
export function outputsAreSame(
  { outputs }: Comparison,
  limitOf: (output: string, offset: number) => number,
): Check[] {
  return Object.entries(outputs).flatMap(([output, difference]) => {
    const { relative, offset, nmse } = difference;
    const name = `float64: ${output}`;
    const limit = limitOf(output, offset);
    return [
      atMost(name, relative, limit),
      ...distributionIsSame(name, difference, limit),
      atMost(`${name}, NMSE`, nmse, (4 * limit) ** 2),
    ];
  });
}

/** That both choose the same outputs; numbers that float32 cannot tell apart are one choice. */
export function choicesAreSame({ agreeing, rows }: Comparison, dtype: DType): Check {
  const least = ["F16", "BF16"].includes(dtype) ? fewestAgreeing(rows) : rows;
  return {
    name: "largest output at the same place",
    measured: `${agreeing} of ${rows} rows`,
    limit: `at least ${least}`,
    passed: agreeing >= least,
  };
}

/** That engines which compute in float32 get the same, as far as the first model lets them. */
export function float32IsSame(
  { outputs }: Comparison,
  limitOf: (output: string, offset: number) => number,
): Check[] {
  return Object.entries(outputs).map(([output, { relative, offset }]) => {
    const limit = limitOf(output, offset);
    // where the first model itself overflows in float32, nothing is asked of the second
    return {
      ...atMost(`float32: ${output}`, relative, limit),
      passed: relative <= limit || limit === Infinity,
    };
  });
}
