// A certificate as a table for people.

import { jsonText } from "../core/json.ts";
import type { Comparison, Difference } from "./compare.ts";
import type { Certificate, ModelFacts } from "./verify.ts";

const short = (value: number): string => value === 0 ? "0" : value.toExponential(1);

function row(label: string, { maxAbs, relative, ulp }: Difference): string {
  return [label.padEnd(24), ...[maxAbs, relative, ulp].map((value) => short(value).padStart(10))]
    .join(" ");
}

function section(title: string, { layers, outputs }: Comparison): string[] {
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

/**
 * A certificate as a table.
 *
 * @param certificate The certificate.
 * @returns Lines of text: differences after each layer (of the normalized stream) and of the outputs, and the verdict.
 */
export function certificateText(certificate: Certificate): string {
  const { expected, actual, inputs, float32, float64, unrounded, perplexity } = certificate;
  const { tolerance, passed, normkit } = certificate;
  const lines = [
    `Certificate of normkit ${normkit}`,
    `expected  ${model(expected)}`,
    `actual    ${model(actual)}`,
    `inputs    ${inputs.random} random (seed ${inputs.seed}), ${inputs.given} given`,
    ...section("float32", float32),
    ...section("float64, as stored", float64),
    ...(unrounded === undefined ? [] : section("float64, unrounded", unrounded)),
    "",
    `largest output at the same place: ${float32.agreeing} of ${float32.rows} rows`,
    ...(perplexity === undefined ? [] : [
      `perplexity: ${perplexity.expected.toFixed(6)} and ${perplexity.actual.toFixed(6)} ` +
      `on ${perplexity.tokens} tokens`,
    ]),
    `${passed ? "PASSED" : "FAILED"}: relative difference of the outputs in float32, at most ${
      short(tolerance)
    }`,
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
