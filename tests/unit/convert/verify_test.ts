// Certificates: equal models pass, others do not, and float64 tells a mistake from rounding.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { certificateText } from "../../../lib/convert/certificate_text.ts";
import { convert, targets } from "../../../lib/convert/convert.ts";
import { type Certificate, dtypeOf, largestOf, verify } from "../../../lib/convert/verify.ts";
import { version } from "../../../lib/core/version.ts";
import type { Model } from "../../../lib/families/model.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { openGolden } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { roundedModel } from "../../support/rounded_tensors.ts";
import { changedModel } from "../../support/tensor_rows.ts";
import { tolerance, toleranceInFloat64 } from "../../support/tolerances.ts";

/** A model with one number of one tensor off by a share of it. */
function planted(model: Model, tensor: string, share: number): Model {
  return changedModel(model, {
    number: (value, name, at) => name === tensor && at === 5 ? value * (1 + share) : value,
  });
}

const writer = "transformer.h.0.mlp.c_proj.weight";

onEachBackend("verify() passes conversions, to the last digits in float32", async (backend) => {
  using source = await openGolden("gpt2");
  for (const to of targets) {
    const made = convert(source, { to });
    const certificate = await verify(source, roundedModel(made, "F32"), {
      sequences: 1,
      unrounded: made,
    });
    assertEquals([certificate.passed, certificate.tolerance], [true, 1e-4]);
    assert(largestOf(certificate.float32) <= tolerance(backend, "conversion"), to);
    assert(largestOf(certificate.float64) <= toleranceInFloat64("weights in float32"), to);
    assert(largestOf(certificate.unrounded!) <= toleranceInFloat64("conversion"), to);
  }
});

const onCpu = (name: string, body: () => Promise<void>): void =>
  Deno.test(name, () => onBackend("cpu", body));

onCpu("verify() says what it compared, on which inputs", async () => {
  using source = await openGolden("gpt2");
  const made = convert(source, { to: "pre-crmsnorm" });
  const certificate = await verify(source, made, { seed: 7, sequences: 2, tokens: [[1, 2, 3]] });
  assertEquals(certificate.format, 1);
  assertEquals(certificate.normkit, version);
  assertEquals(certificate.expected, { family: "gpt2", norm: "layer", dtype: "F32" });
  assertEquals(certificate.actual, { family: "gpt2", norm: "crms", dtype: "F32" });
  assertEquals(certificate.inputs, { seed: 7, random: 2, given: 1 });
  assertEquals(certificate.float32.rows, 24 + 24 + 3); // the context is 24
  assertEquals(Object.hasOwn(certificate, "unrounded"), false);
  assertEquals(Object.hasOwn(certificate, "perplexity"), false);
  assertEquals(JSON.parse(JSON.stringify(certificate)), certificate);
});

onCpu("verify() compares CLIP on tokens alone beside random images", async () => {
  using source = await openGolden("clip");
  const certificate = await verify(source, source, { sequences: 1, tokens: [[1, 2, 3]] });
  assertEquals(certificate.passed, true);
  const stacks = new Set(certificate.float64.layers.map(({ stack }) => stack));
  assertEquals([...stacks], ["vision", "text"]);
  assertEquals(Object.keys(certificate.float64.outputs), ["image_embeds", "text_embeds"]);
  assertEquals(certificate.float64.rows, 3); // an image and a text, and a text
});

onCpu("verify() repeats with a seed, and another seed has other inputs", async () => {
  using source = await openGolden("gpt2");
  const made = convert(source, { to: "pre-rmsnorm" });
  const once = (seed: number): Promise<Certificate> => verify(source, made, { seed, sequences: 1 });
  const [first, again, other] = [await once(0), await once(0), await once(1)];
  assertEquals(again, first);
  assert(other.float32.outputs["logits"]!.maxAbs !== first.float32.outputs["logits"]!.maxAbs);
});

onCpu("verify() fails where one weight is off by a tenth", async () => {
  using source = await openGolden("gpt2");
  const made = convert(source, { to: "pre-rmsnorm" });
  for (
    const name of [
      writer,
      "transformer.h.1.attn.c_attn.bias",
      "transformer.wte.weight",
      "lm_head.weight",
    ]
  ) {
    const { passed, float32 } = await verify(source, planted(made, name, 0.1), { sequences: 4 });
    assertEquals(passed, false, `${name}: ${largestOf(float32)}`);
  }
});

onCpu("verify() fails where an output is not a number, wherever it stands", async () => {
  using source = await openGolden("gpt2");
  for (const bad of [NaN, Infinity]) {
    const wrong = changedModel(source, {
      number: (value, name, at) => name === "transformer.ln_f.bias" && at === 5 ? bad : value,
    });
    for (const [a, b] of [[source, wrong], [wrong, source], [wrong, wrong]] as const) {
      const { passed, float32 } = await verify(a, b, { sequences: 1 });
      assertEquals(passed, false);
      assertEquals(Number.isFinite(largestOf(float32)), false);
    }
  }
});

onCpu(
  "verify() tells a mistake from rounding: in float64 rounding falls by eight orders, a mistake stays",
  async () => {
    using source = await openGolden("gpt2");
    const made = convert(source, { to: "pre-rmsnorm" });
    const rounding = await verify(source, roundedModel(made, "F32"), { unrounded: made });
    const sizes = [rounding.float32, rounding.float64, rounding.unrounded!].map(largestOf);
    assert(sizes[0]! / sizes[2]! > 1e8, `${sizes}`);

    const mistaken = planted(made, writer, 1e-3); // below what the tolerance of float32 sees
    const mistake = await verify(source, roundedModel(mistaken, "F32"), { unrounded: mistaken });
    assert(largestOf(mistake.float32) < mistake.tolerance);
    const [single, double] = [largestOf(mistake.float32), largestOf(mistake.unrounded!)];
    assert(double > 1e-6 && Math.abs(single / double - 1) < 0.2, `${single}, ${double}`);
    assertEquals([rounding.passed, mistake.passed], [true, false]);
  },
);

onCpu("verify() takes the tolerance of the storage dtype where none is given", async () => {
  using source = await openGolden("gpt2");
  const made = convert(source, { to: "pre-rmsnorm" });
  for (const [dtype, standard] of [["F16", 1e-2], ["BF16", 8e-2], ["F32", 1e-4]] as const) {
    const stored = roundedModel(made, dtype);
    assertEquals(dtypeOf(stored), dtype);
    const certificate = await verify(source, stored, { sequences: 1 });
    assertEquals([certificate.tolerance, certificate.passed], [standard, true], dtype);
    const strict = await verify(source, stored, { sequences: 1, tolerance: 1e-9 });
    assertEquals([strict.tolerance, strict.passed], [1e-9, false], dtype);
  }
});

onCpu("verify() measures the perplexity of both on a text", async () => {
  using source = await openGolden("gpt2");
  const made = convert(source, { to: "pre-rmsnorm" });
  const text = Array.from({ length: 60 }, (_, at) => (7 * at) % 40);
  const { perplexity } = await verify(source, made, { sequences: 1, text });
  assertEquals(perplexity!.tokens, 23 + 23 + 11); // stretches of 24, 24 and 12
  const { expected, actual } = perplexity!;
  assertClose([actual], [expected], tolerance("cpu", "conversion"), "perplexity");
});

onCpu("verify() compares stacks of every kind of input", async () => {
  for (const name of ["whisper", "clip", "dinov2", "bloom"]) {
    using source = await openGolden(name);
    const certificate = await verify(source, convert(source, { to: "pre-crmsnorm" }), {
      sequences: 1,
    });
    assert(certificate.passed, name);
    const stacks = new Set(certificate.float64.layers.map(({ stack }) => stack));
    assertEquals([...stacks], Object.keys(source.spec.stacks));
    const most = toleranceInFloat64("conversion");
    assert(certificate.float64.layers.every(({ relative }) => relative <= most), name);
  }
});

onCpu("verify() refuses to compare on nothing, or on what a model cannot read", async () => {
  const model = normkitModel(small);
  await assertRejects(
    () => verify(model, model, { sequences: 0 }),
    RangeError,
    "Cannot compare models on no input: give tokens, or sequences ≥ 1",
  );
  await assertRejects(() => verify(model, model, { tokens: [[9]] }), RangeError, "token");
  await assertRejects(() => verify(model, model, { tolerance: 0 }), RangeError, "tolerance");
  await assertRejects(() => verify(model, model, { seed: -1 }), RangeError, "seed");
  using vit = await openGolden("vit");
  await assertRejects(
    () => verify(vit, vit, { tokens: [[1]] }),
    RangeError,
    "Cannot give tokens to a model that reads none",
  );
});

onCpu("certificateText() of a real certificate ends with its verdict", async () => {
  const model = normkitModel(small);
  const good = await verify(model, model, { sequences: 1 });
  assertEquals(
    certificateText(good).split("\n").at(-1),
    "PASSED: relative difference of the outputs in float32, at most 1.0e-4",
  );
  const bad = await verify(model, planted(model, "wte", 1), { sequences: 1 });
  assert(certificateText(bad).split("\n").at(-1)!.startsWith("FAILED"));
});
