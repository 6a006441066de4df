// Certificates: equal models pass, others do not, and float64 tells a mistake from rounding.

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Certificate } from "../../../lib/convert/certificate.ts";
import { certificateText } from "../../../lib/convert/certificate_text.ts";
import { largestOf } from "../../../lib/convert/compare.ts";
import { convert, targets } from "../../../lib/convert/convert.ts";
import { dtypeOf, verify } from "../../../lib/convert/verify.ts";
import { storedModel } from "../../../lib/convert/stored_model.ts";
import { withDType } from "../../../lib/convert/save.ts";
import { version } from "../../../lib/core/version.ts";
import type { Model } from "../../../lib/families/model.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { openGolden } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { mixedModel, roundedModel } from "../../support/rounded_tensors.ts";
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
    assertEquals(certificate.checks.filter(({ passed }) => !passed), [], to);
    assert(certificate.passed && certificate.tolerance < 3e-5);
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
  assertEquals(certificate.format, 2);
  assertEquals(certificate.normkit, version);
  const common = { family: "gpt2", dtype: "F32", unused: [], notes: [], kept: [] } as const;
  assertEquals(certificate.expected, { ...common, norm: "layer" });
  assertEquals(certificate.actual, { ...common, norm: "crms" });
  assertEquals(certificate.inputs, {
    ...{ seed: 7, random: 2, given: 1 },
    tokens: { longest: 24, context: 24 },
  });
  assertEquals(
    certificate.basis,
    "outputs alone: the second model does not record that it was made of the first",
  );
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

onCpu(
  "verify() allows what rounding to the storage dtype explains, or the tolerance that is given",
  async () => {
    using source = await openGolden("gpt2");
    const made = convert(source, { to: "pre-rmsnorm" });
    for (const [dtype, most] of [["F16", 2e-2], ["BF16", 1e-1], ["F32", 2e-5]] as const) {
      const stored = roundedModel(made, dtype);
      assertEquals(dtypeOf(stored), dtype);
      const certificate = await verify(source, stored, { sequences: 1 });
      assertEquals(certificate.checks.filter(({ passed }) => !passed), [], dtype);
      assert(certificate.tolerance < most, `${certificate.tolerance}`);
      const strict = await verify(source, stored, { sequences: 1, tolerance: 1e-9 });
      assertEquals([strict.tolerance, strict.passed], [1e-9, false], dtype);
    }
  },
);

onCpu(
  "verify() passes what was saved in the dtype that it has, where the configuration named none",
  async () => {
    using golden = await openGolden("gpt2");
    const { dtype: _, ...config } = golden.config;
    const source = { ...golden, config };
    const unrounded = convert(source, { to: "pre-rmsnorm" });
    for (const dtype of ["F32", "F16", undefined] as const) {
      const stored = storedModel(unrounded, dtype);
      const named = { ...stored, config: withDType(stored.config, dtype) };
      const { checks } = await verify(source, named, { sequences: 1, unrounded });
      assertEquals(checks.filter(({ passed }) => !passed), [], dtype);
      if (dtype === undefined) continue;
      const wrong = { ...named, config: { ...named.config, dtype: "bfloat16" } };
      const failed = failedIn(await verify(source, wrong, { sequences: 1, unrounded }));
      assertEquals(failed, ["configuration"]);
    }
  },
);

onCpu("verify() judges a model of several dtypes by the one that rounds most", async () => {
  using golden = await openGolden("gpt-neox");
  for (const part of ["mlp", "bias"]) {
    const source = mixedModel(golden, (name) => name.includes(part) ? "BF16" : "F32");
    assertEquals(dtypeOf(source), "BF16", part);
    for (const to of targets) {
      const made = convert(source, { to });
      const certificate = await verify(source, storedModel(made), { unrounded: made });
      assertEquals(certificate.checks.filter(({ passed }) => !passed), [], `${part}: ${to}`);
    }
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
    "PASSED: all 8 checks",
  );
  const bad = await verify(model, planted(model, "wte", 1), { sequences: 1 });
  assert(certificateText(bad).split("\n").at(-1)!.startsWith("FAILED"));
});

/** The names of the checks that a certificate fails. */
const failedIn = ({ checks }: Certificate): string[] =>
  checks.filter(({ passed }) => !passed).map(({ name }) => name);

/** A model whose streams have a mean: every number of the token table is larger by it. */
function withMean(model: Model, mean: number): Model {
  const number = (value: number, name: string): number =>
    name === "transformer.wte.weight" ? value + mean : value;
  return roundedModel(changedModel(model, { number }), "F32");
}

for (const mean of [1e4, 1e5, 1e6]) {
  onCpu(
    `verify() passes a conversion of streams of mean ${mean}, and not one with a mistake`,
    async () => {
      using golden = await openGolden("gpt2-untied");
      const source = withMean(golden, mean);
      for (const to of targets) {
        const made = convert(source, { to });
        const stored = roundedModel(made, "F32");
        for (const options of [{}, { unrounded: made }]) {
          assertEquals(
            failedIn(await verify(source, stored, { sequences: 2, ...options })),
            [],
            to,
          );
        }
        // the source itself errs by more than this in float32
        const mistaken = roundedModel(planted(made, writer, 0.1), "F32");
        const { baseline, ...certificate } = await verify(source, mistaken, { sequences: 2 });
        assert(largestOf(baseline) > 1e-5, `${largestOf(baseline)}`);
        assert(failedIn({ baseline, ...certificate }).includes("float64: logits"), to);
      }
    },
  );
}

for (const mean of [100, 1e4, 1e5]) {
  onCpu(`verify() passes a conversion whose tied head has the mean ${mean} as well`, async () => {
    using golden = await openGolden("gpt2");
    const nearOne = changedModel(golden, { // so that Σ γ n, which the mean multiplies, all but cancels
      number: (value, name) =>
        name.endsWith("ln_f.weight")
          ? 1 + (value - 1) / 25
          : name.endsWith("ln_f.bias")
          ? value / 25
          : value,
    });
    const source = withMean(nearOne, mean);
    for (const to of targets) {
      const made = convert(source, { to });
      const certificate = await verify(source, roundedModel(made, "F32"), { unrounded: made });
      assertEquals(failedIn(certificate), [], to);
    }
  });
}

/** A model whose logits are larger by a number. */
function withOffset(model: Model, offset: number): Model {
  const { shape } = model.tensors.info("lm_head.weight");
  const values = new Float64Array(shape[0]!).fill(offset);
  const bias = { shape: [shape[0]!], dtype: "F32", values } as const;
  return changedModel(model, { more: { "lm_head.bias": bias } });
}

onCpu("verify() sees a mistake beside a large number that all logits have in common", async () => {
  using golden = await openGolden("gpt2-untied");
  const source = withOffset(golden, 1e4);
  const made = convert(source, { to: "pre-rmsnorm" });
  assertEquals(failedIn(await verify(source, roundedModel(made, "F32"), { unrounded: made })), []);
  const wrong = roundedModel(planted(made, writer, 0.3), "F32");
  const certificate = await verify(source, wrong);
  assert(differenceIn(certificate) < 1e-5, "the offset hides it from a share of the largest logit");
  assert(failedIn(certificate).includes("float64: logits"), `${failedIn(certificate)}`);
  assert(failedIn(certificate).includes("float64: logits, log-probabilities"));
});

/** The difference of logits as a share of the largest. */
function differenceIn({ float64 }: Certificate): number {
  const { maxAbs, spread, offset } = float64.outputs["logits"]!;
  return maxAbs / (spread * offset);
}

onCpu(
  "verify() fails where a number is added to all logits, which leaves their distribution",
  async () => {
    using source = await openGolden("gpt2-untied");
    const certificate = await verify(source, withOffset(source, 0.5), { sequences: 1 });
    const failed = failedIn(certificate);
    assert(failed.includes("float64: logits"), `${failed}`);
    assert(!failed.some((name) => /log-probabilities|KL|same place/.test(name)), `${failed}`);
  },
);

onCpu(
  "verify() fails where no row has its largest logit at the same place, whatever the dtype allows",
  async () => {
    const model = normkitModel({ ...small, vocabulary: 12 });
    // the rows of the head in another order: the numbers are the same, on the average
    const turned = changedModel(model, {});
    const rows = async (name: string, first: number, count: number): Promise<Float64Array> => {
      const numbers = await model.tensors.rows(name, first, count);
      return name === "head.w"
        ? numbers.map((_, at) => numbers[at % 12 === 0 ? at + 11 : at - 1]!)
        : numbers;
    };
    const wrong = roundedModel({ ...turned, tensors: { ...turned.tensors, rows } }, "BF16");
    const certificate = await verify(model, wrong, { sequences: 16, tolerance: 1e9 });
    const { agreeing, rows: all } = certificate.float64;
    assert(all >= 96 && agreeing < all / 4, `${agreeing} of ${all}`);
    assertEquals(failedIn(certificate), ["largest output at the same place"]);
  },
);

onCpu(
  "verify() of models of zeros says that their outputs prove nothing; their tensors do",
  async () => {
    using golden = await openGolden("gpt2");
    const zeros = changedModel(golden, { number: () => 0 });
    assertEquals(failedIn(await verify(zeros, zeros, { sequences: 1 })), ["telling outputs"]);
    const unrounded = convert(zeros, { to: "pre-rmsnorm" });
    const certificate = await verify(zeros, roundedModel(unrounded, "F32"), { unrounded });
    assertEquals(failedIn(certificate), []);
  },
);

onCpu("verify() of a model that is not a number says so, and of which of the two", async () => {
  using source = await openGolden("gpt2");
  const lost = changedModel(source, {
    number: (value, name) => name === "transformer.ln_f.bias" ? NaN : value,
  });
  const { checks } = await verify(lost, source, { sequences: 1 });
  assertEquals(failedIn({ checks } as Certificate), ["finite outputs"]);
  const [check] = checks.filter(({ passed }) => !passed);
  assertEquals(check!.measured, "not numbers: 960 of 960 of the first model, 0 of the second");
});

onCpu("verify() asks nothing of float32 where the first model overflows in it", async () => {
  using golden = await openGolden("gpt2");
  const table = "transformer.wte.weight";
  const source = changedModel(golden, {
    number: (value, name) => name === table ? value * 1e40 : value,
  });
  const certificate = await verify(source, source, { sequences: 1 });
  assert(Number.isNaN(largestOf(certificate.baseline)));
  assertEquals(failedIn(certificate), []);
});
