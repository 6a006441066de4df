// A certificate as people read it.

import { assertEquals } from "@std/assert";
import { certificateJson, certificateText } from "../../../lib/convert/certificate_text.ts";
import type { Comparison } from "../../../lib/convert/compare.ts";
import type { Certificate } from "../../../lib/convert/certificate.ts";

const output = (relative: number) => ({
  ...{ maxAbs: 4 * relative, relative, ulp: 2 },
  ...{ spread: 4, deviation: 1, offset: 1, nmse: relative ** 2 },
});

const comparison = (size: number): Comparison => ({
  layers: [0, 1].map((layer) => ({
    stack: "decoder",
    layer,
    maxAbs: layer * size,
    relative: layer * size / 2,
    ulp: layer * 3.25,
  })),
  outputs: { logits: output(size) },
  agreeing: 31,
  rows: 32,
});

const certificate: Certificate = {
  format: 2,
  normkit: "9.9.9",
  expected: {
    family: "gpt2",
    norm: "layer",
    dtype: "F32",
    unused: ["a", "b"],
    notes: ["names: without module."],
    kept: [],
  },
  actual: {
    family: "gpt2",
    norm: "rms",
    dtype: "BF16",
    unused: [],
    notes: [],
    kept: [{ why: "at the start", names: ["g"] }, { why: "behind branches", names: ["h", "i"] }],
  },
  basis: "outputs alone",
  checks: [
    { name: "float64: logits", measured: 2e-3, limit: 0.08, passed: true },
    { name: "largest output", measured: "31 of 32 rows", limit: "at least 16", passed: true },
  ],
  inputs: { seed: 3, random: 1, given: 2, tokens: { longest: 8, context: 24 } },
  baseline: { ...comparison(0), layers: [] },
  float32: comparison(1e-3),
  float64: comparison(2e-3),
  tolerance: 0.08,
  passed: true,
};

Deno.test("certificateText() lays out models, inputs, layers, outputs and the verdict", () => {
  assertEquals(
    certificateText(certificate),
    `\
Certificate of normkit 9.9.9
expected  gpt2, layer norms, F32
          names: without module.
          unused: a, b
actual    gpt2, rms norms, BF16
          g stays at the start
          2 parameters, such as h, stay behind branches
compared  outputs alone
inputs    1 random (seed 3), 2 given; the longest has 8 tokens of 24

checks
  ok     float64: logits                      2.0e-3 (at most 8.0e-2)
  ok     largest output                       31 of 32 rows (at least 16)

float32                     max abs   relative        ULP
  decoder, layer 0                0          0          0
  decoder, layer 1           1.0e-3     5.0e-4     3.3e+0
  logits                     4.0e-3     1.0e-3     2.0e+0

float64, as stored          max abs   relative        ULP
  decoder, layer 0                0          0          0
  decoder, layer 1           2.0e-3     1.0e-3     3.3e+0
  logits                     8.0e-3     2.0e-3     2.0e+0

PASSED: all 2 checks`,
  );
});

Deno.test("certificateText() adds what else was measured, and shows what is not a number", () => {
  const lost = { ...output(0), maxAbs: NaN, relative: NaN, ulp: Infinity };
  const [first, second] = certificate.checks;
  const text = certificateText({
    ...certificate,
    checks: [{ ...first!, passed: false }, { ...second!, passed: false }],
    configuration: { unlike: [], others: ["use_cache"] },
    inputs: { seed: 0, random: 1, given: 0, layers: { run: 2, of: 12 } },
    float32: { ...comparison(0), outputs: { image_embeds: lost } },
    unrounded: comparison(1e-16),
    perplexity: { expected: 12.5, actual: 12.50000049, tokens: 99 },
    passed: false,
  });
  const lines = text.split("\n");
  assertEquals(
    lines.find((line) => line.includes("image_embeds")),
    "  image_embeds                  NaN        NaN   Infinity",
  );
  assertEquals(lines.filter((line) => line.startsWith("float64")).length, 2);
  assertEquals(
    lines[8],
    "inputs    1 random (seed 0), 0 given; layers 1 to 2 of 12, and the head",
  );
  assertEquals(lines[11]!.slice(0, 24), "  FAILED float64: logits");
  assertEquals(lines.slice(-3), [
    "other keys of config.json that differ: use_cache",
    "perplexity: 12.500000 and 12.500000 on 99 tokens",
    "FAILED: float64: logits; largest output",
  ]);
});

Deno.test("certificateJson() names what JSON has no number for", () => {
  const lost = { ...output(0), maxAbs: NaN, relative: NaN, ulp: Infinity };
  const text = certificateJson({
    ...certificate,
    float32: { ...comparison(0), outputs: { logits: lost } },
  });
  assertEquals(JSON.parse(text).float32.outputs.logits, {
    ...lost,
    maxAbs: "NaN",
    relative: "NaN",
    ulp: "Infinity",
  });
});
