// A certificate as a table for people: what was checked first, then the measurements behind it.

import { namesText } from "../core/excerpt.ts";
import { jsonText } from "../core/json.ts";
import type { Certificate, Check, Coverage, ModelFacts } from "./certificate.ts";
import type { Comparison } from "./compare.ts";
import { keptText } from "./kept_norms.ts";
import type { Difference } from "./difference.ts";

const short = (value: number): string => value === 0 ? "0" : value.toExponential(1);

function row(label: string, { maxAbs, relative, ulp }: Difference): string {
  return [label.padEnd(24), ...[maxAbs, relative, ulp].map((value) => short(value).padStart(10))]
    .join(" ");
}

function section(title: string, { layers, outputs }: Comparison): string[] {
  if (layers.length === 0) return [];
  return [
    "",
    `${title.padEnd(24)} ${
      ["max abs", "relative", "ULP"].map((name) => name.padStart(10)).join(" ")
    }`,
    ...layers.map((layer) => row(`  ${layer.stack}, layer ${layer.layer}`, layer)),
    ...Object.entries(outputs).map(([name, difference]) => row(`  ${name}`, difference)),
  ];
}

const model = ({ family, norm, dtype }: ModelFacts): string => `${family}, ${norm} norms, ${dtype}`;

/** What is to be known of a model beside the checks. */
function remarks({ notes, unused, kept }: ModelFacts): string[] {
  const without = unused.length === 0 ? [] : [`unused: ${namesText(unused)}`];
  return [...notes, ...without, ...keptText(kept)].map((note) => `          ${note}`);
}

function inputsText({ seed, random, given, tokens, layers, float64 }: Coverage): string {
  const length = tokens === undefined
    ? ""
    : `; the longest has ${tokens.longest} tokens${
      tokens.context === null ? "" : ` of ${tokens.context}`
    }`;
  const depth = layers === undefined
    ? ""
    : `; layers 1 to ${layers.run} of ${layers.of}, and the head`;
  return `${random} random (seed ${seed}), ${given} given${length}${depth}${
    float64 === true ? "; in float64 alone" : ""
  }`;
}

const worded = (value: string | number): string => typeof value === "number" ? short(value) : value;

function checkText({ name, measured, limit, passed }: Check): string {
  const bound = typeof limit === "number" ? `at most ${short(limit)}` : limit;
  return `  ${passed ? "ok    " : "FAILED"} ${name.padEnd(36)} ${worded(measured)} (${bound})`;
}

function verdict({ passed, checks }: Certificate): string {
  const failed = checks.filter((check) => !check.passed).map(({ name }) => name);
  return passed ? `PASSED: all ${checks.length} checks` : `FAILED: ${failed.join("; ")}`;
}

/**
 * A certificate as a table.
 *
 * @param certificate The certificate.
 * @returns Lines of text: the checks, differences after each layer (of the normalized stream) and of the outputs, and the verdict.
 */
export function certificateText(certificate: Certificate): string {
  const { expected, actual, basis, checks, inputs, perplexity, normkit, configuration } =
    certificate;
  const { float32, float64, unrounded, baseline } = certificate;
  const others = configuration?.others ?? [];
  const lines = [
    `Certificate of normkit ${normkit}`,
    `expected  ${model(expected)}`,
    ...remarks(expected),
    `actual    ${model(actual)}`,
    ...remarks(actual),
    `compared  ${basis}`,
    `inputs    ${inputsText(inputs)}`,
    "",
    "checks",
    ...checks.map(checkText),
    ...section("float32", float32),
    ...section("float64, as stored", float64),
    ...(unrounded === undefined ? [] : section("float64, unrounded", unrounded)),
    ...section("first model, float32", baseline),
    "",
    ...(others.length === 0 ? [] : [`other keys of config.json that differ: ${others.join(", ")}`]),
    ...(perplexity === undefined ? [] : [
      `perplexity: ${perplexity.expected.toFixed(6)} and ${perplexity.actual.toFixed(6)} ` +
      `on ${perplexity.tokens} tokens`,
    ]),
    verdict(certificate),
  ];
  return lines.join("\n");
}

/**
 * A certificate as JSON; numbers that JSON does not have (NaN, infinity) are their names.
 *
 * @param certificate The certificate.
 * @param indent Spaces of each level; all in one line when absent.
 * @returns The text.
 */
export function certificateJson(certificate: Certificate, indent?: number): string {
  return jsonText(certificate, indent);
}
