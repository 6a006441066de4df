// A certificate as people read it.

import { assertEquals } from "@std/assert";
import { certificateJson, certificateText } from "../../../lib/convert/certificate_text.ts";
import type { Comparison } from "../../../lib/convert/compare.ts";
import type { Certificate } from "../../../lib/convert/verify.ts";

const comparison = (size: number): Comparison => ({
  layers: [0, 1].map((layer) => ({
    stack: "decoder",
    layer,
    maxAbs: layer * size,
    relative: layer * size / 2,
    ulp: layer * 3.25,
  })),
  outputs: { logits: { maxAbs: 4 * size, relative: size, ulp: 2 } },
  agreeing: 31,
  rows: 32,
});

const certificate: Certificate = {
  format: 1,
  normkit: "9.9.9",
  expected: { family: "gpt2", norm: "layer", dtype: "F32" },
  actual: { family: "gpt2", norm: "rms", dtype: "BF16" },
  inputs: { seed: 3, random: 1, given: 2 },
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
actual    gpt2, rms norms, BF16
inputs    1 random (seed 3), 2 given

float32                     max abs   relative        ULP
  decoder, layer 0                0          0          0
  decoder, layer 1           1.0e-3     5.0e-4     3.3e+0
  logits                     4.0e-3     1.0e-3     2.0e+0

float64, as stored          max abs   relative        ULP
  decoder, layer 0                0          0          0
  decoder, layer 1           2.0e-3     1.0e-3     3.3e+0
  logits                     8.0e-3     2.0e-3     2.0e+0

largest output at the same place: 31 of 32 rows
PASSED: relative difference of the outputs in float32, at most 8.0e-2`,
  );
});

Deno.test("certificateText() adds what else was measured, and shows what is not a number", () => {
  const lost = { maxAbs: NaN, relative: NaN, ulp: Infinity };
  const text = certificateText({
    ...certificate,
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
  assertEquals(lines.slice(-3), [
    "largest output at the same place: 31 of 32 rows",
    "perplexity: 12.500000 and 12.500000 on 99 tokens",
    "FAILED: relative difference of the outputs in float32, at most 8.0e-2",
  ]);
});

Deno.test("certificateJson() names what JSON has no number for", () => {
  const lost = { maxAbs: NaN, relative: NaN, ulp: Infinity };
  const text = certificateJson({
    ...certificate,
    float32: { ...comparison(0), outputs: { logits: lost } },
  });
  assertEquals(JSON.parse(text).float32.outputs.logits, {
    maxAbs: "NaN",
    relative: "NaN",
    ulp: "Infinity",
  });
});
