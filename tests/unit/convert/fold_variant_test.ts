// Variants of training as plain models: the same function to the last digits where every norm has the ε that it needs, against
// the oracles' recurrences over plain layers. tests/variants_test.ts folds every variant after a training; numbers here are far from
// those of a start.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { differenceOf } from "../../../lib/convert/difference.ts";
import { convert } from "../../../lib/convert/convert.ts";
import { foldVariant, hasTricks } from "../../../lib/convert/fold_variant.ts";
import { disposeTree } from "../../../lib/core/tree.ts";
import { configText, parseConfig } from "../../../lib/families/config_text.ts";
import { mapNorms } from "../../../lib/model/spec.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { ownConfig } from "../../../lib/families/normkit.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { decoder } from "../../../lib/decoder/decoder.ts";
import type { DecoderConfig } from "../../../lib/decoder/config.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { assertOutputs, goldenOf, openGolden, outputsOf } from "../../support/golden_models.ts";
import {
  normkitModel,
  normkitTensors,
  small,
  smallTokens,
  type Tensors,
} from "../../support/normkit_model.ts";
import { parametersOf } from "../../support/parameters.ts";
import { plainDecoder } from "../../support/plain_decoder.ts";
import { numbersIn } from "../../support/tensor_rows.ts";
import { tolerance, toleranceInFloat64 } from "../../support/tolerances.ts";

const limit = toleranceInFloat64("conversion");
/** ε large enough to be seen, and the sizes of a decoder with one Post-LN layer where the variant is Mix-LN. */
const sizes: DecoderConfig = { ...small, depth: 5, activation: "relu", eps: 1e-3 };

/** What each variant is when it is folded. */
const folds: Readonly<Record<string, string>> = {
  "pre-ln+gpas": "pre-ln",
  "lns": "pre-ln",
  "lns+gpas": "pre-ln",
  "lns-gain+gpas": "pre-ln",
  "post-ln+gpas": "post-ln",
  "deep-norm": "post-ln",
  "deep-norm+gpas": "post-ln",
  "mix-ln+gpas": "mix-ln",
  "res-post-norm+gpas": "res-post-norm",
  "sub-ln+gpas-tanh-site": "sub-ln",
  "sandwich-ln+gpas-identity-site": "sandwich-ln",
  "peri-ln+gpas-site": "peri-ln",
};

const configOf = (residual: string, norm: "layer" | "rms"): DecoderConfig => ({
  ...sizes,
  residual,
  norm,
  embeddingScale: 1.5,
  ends: /^(post|deep)/.test(residual) ? [] : ["final"],
});

async function logitsOf(model: Model): Promise<Float64Array> {
  return (await outputsOf(float64, model, { tokens: smallTokens }))["logits"]!.values;
}

const reread = ({ family, config, tensors }: Model): Model =>
  describeModel(family, parseConfig(configText(config), "config.json"), tensors);

for (const norm of ["layer", "rms"] as const) {
  for (const [id, plain] of Object.entries(folds)) {
    Deno.test(`foldVariant() of ${id} with ${norm} norms is ${plain} with the same logits, with ε by norm`, async () => {
      const config = configOf(id, norm);
      const expected = plainDecoder(config, normkitTensors(config), smallTokens).flat();
      const folded = await foldVariant(normkitModel(config));
      assertClose(await logitsOf(folded), expected, limit, "folded");
      assertClose(await logitsOf(reread(folded)), expected, limit, "read again");
      assertEquals(folded.config["residual"], plain);
      assertEquals(folded.tensors.names.filter((name) => name.endsWith("gate")), []);
      assertEquals(hasTricks(reread(folded)), false);
      // and the plain decoder with the folded numbers, which knows nothing of descriptions
      const numbers = await numbersIn(folded.tensors);
      const tensors: Tensors = Object.fromEntries(
        [...numbers].map(([name, values]) => [name, { ...folded.tensors.info(name), values }]),
      );
      const again = plainDecoder(ownConfig(folded.config) as DecoderConfig, tensors, smallTokens);
      assertClose(again.flat(), expected, limit, "in plain loops");
    });
  }
}

/** What one ε for all norms changes in the logits, relative to the largest, at ε = 1e-3 in five layers, to two digits. */
const globalErrors: Readonly<Record<string, string>> = {
  "pre-ln+gpas": "2.0e-2",
  "deep-norm": "2.3e-4",
};

for (const [id, shown] of Object.entries(globalErrors)) {
  Deno.test(`foldVariant() of ${id} with one ε for all norms would be off by ${shown}`, async () => {
    const source = normkitModel(configOf(id, "layer"));
    const folded = await foldVariant(source);
    const spec = mapNorms(folded.spec, (norm) => ({ ...norm, eps: sizes.eps! }));
    const [expected, rough] = [
      await logitsOf(source),
      await logitsOf({ ...folded, spec }),
    ];
    assertEquals(differenceOf(expected, rough, "F64").relative.toExponential(1), shown);
  });
}

Deno.test("foldVariant() writes the ε of the norms that changed, and of no other", async () => {
  const source = normkitModel(configOf("pre-ln+gpas", "layer"));
  const { config } = await foldVariant(source);
  const paths = Object.keys(config["normEps"] as Record<string, number>);
  const all = [1, 2, 3, 4, 5].flatMap((layer) =>
    ["attention", "feedForward"].map((role) => `blocks.${layer}.norm.${role}.input`)
  );
  assertEquals(paths, [...all.slice(1), "norm.final"]);
  const deep = await foldVariant(normkitModel(configOf("deep-norm", "layer")));
  const values = new Set(Object.values(deep.config["normEps"] as Record<string, number>));
  assertEquals(values.size, 1);
  assertClose([...values], [1e-3 / Math.sqrt(10)], limit, "ε ÷ α², α⁴ = 2 · 5");
});

Deno.test("foldVariant() keeps what the plain variant would choose otherwise", async () => {
  const { embeddingScale: _, ...config } = configOf("lns", "layer");
  const folded = await foldVariant(normkitModel(config));
  // Pre-LN starts from Xavier weights and scales embeddings by √D
  const { init, embeddingScale, embeddingStd } = folded.config;
  assertEquals({ init, embeddingScale, embeddingStd }, {
    init: "normal",
    embeddingScale: 1,
    embeddingStd: 0.02,
  });
  const { ends } = (await foldVariant(normkitModel(configOf("deep-norm", "layer")))).config;
  assertEquals(ends, []);
  const withEnd = { ...configOf("deep-norm", "layer"), ends: ["final"] as const };
  assertEquals((await foldVariant(normkitModel(withEnd))).config["ends"], ["final"]);
});

/** A gated decoder whose first gate has a value. */
function withGate(value: number): Model {
  const config = configOf("pre-ln+gpas", "layer");
  const gate = { shape: [], values: [value] };
  return normkitModel(config, { ...normkitTensors(config), "blocks.2.gate": gate });
}

Deno.test("foldVariant() refuses a gate that takes the stream's sign or the stream itself away", async () => {
  const { message } = await assertRejects(() => foldVariant(withGate(1.3)), RangeError);
  assertEquals(
    message,
    "Cannot fold the gate blocks.2.gate = 1.3: 1 − silu(gate) is -0.02159, and must be above 0",
  );
  await assertRejects(() => foldVariant(withGate(NaN)), RangeError, "blocks.2.gate = NaN");
});

Deno.test("foldVariant() takes gates up to 1.278, and below 0, where the stream grows", async () => {
  for (const gate of [1.278, -1.2785, -40, 0]) {
    const source = withGate(gate);
    const folded = await foldVariant(source);
    // at 1.278 the factor of the stream is 4e-4, so that later digits of sums are lost
    const most = gate > 1 ? toleranceInFloat64("conversion of a nearly closed gate") : limit;
    assertClose(await logitsOf(folded), await logitsOf(source), most, `gate ${gate}`);
  }
});

Deno.test("foldVariant() refuses a model with nothing to fold", async () => {
  for (const id of ["pre-ln", "post-ln", "lns-gain", "mix-ln"]) {
    const source = normkitModel(configOf(id, "layer"));
    assertEquals(hasTricks(source), false);
    const { message } = await assertRejects(() => foldVariant(source), RangeError);
    assertEquals(
      message,
      "Cannot fold this normkit model: it has no gates, constants or LayerScale",
    );
  }
});

Deno.test("foldVariant() refuses gates of ResiDual: no weight can take over the factor of one stream of two", async () => {
  const { message } = await assertRejects(
    () => foldVariant(normkitModel({ ...sizes, residual: "resi-dual+gpas" })),
    RangeError,
  );
  assertEquals(
    message,
    "Cannot fold this normkit model: ResiDual + GPAS adds each branch to more than one stream, or weighs it by learned " +
      "numbers, so that no weight can take over the factor of one stream alone",
  );
  assertEquals(hasTricks(normkitModel({ ...sizes, residual: "resi-dual" })), false);
});

Deno.test("convert() keeps Sub-LN's inner norms, and refuses what has norms behind branches or two streams", async () => {
  const model = normkitModel({ ...sizes, residual: "sub-ln" });
  for (const to of ["pre-rmsnorm", "pre-crmsnorm", "pre-ln"] as const) {
    assertClose(await logitsOf(convert(model, { to })), await logitsOf(model), limit, to);
  }
  const reasons: Readonly<Record<string, string>> = {
    "sandwich-ln": "whose gains keep their output from having mean 0",
    "peri-ln": "whose gains keep their output from having mean 0",
    "resi-dual": "it carries more than one stream",
  };
  for (const [residual, reason] of Object.entries(reasons)) {
    const one = normkitModel({ ...sizes, residual });
    assertThrows(() => convert(one, { to: "pre-rmsnorm" }), RangeError, reason);
  }
});

Deno.test("foldVariant() before convert(): a gated model in every form", async () => {
  for (const id of ["pre-ln+gpas", "lns+gpas"]) {
    const source = normkitModel(configOf(id, "layer"));
    const folded = reread(await foldVariant(source));
    for (const to of ["pre-ln", "pre-rmsnorm", "pre-crmsnorm", "weightless"] as const) {
      const made = reread(convert(folded, { to }));
      assertClose(await logitsOf(made), await logitsOf(source), limit, `${id} to ${to}`);
    }
  }
});

Deno.test("foldVariant() of DINOv2 folds LayerScale", async () => {
  using dino = await openGolden("dinov2");
  const { inputs } = await goldenOf("dinov2");
  const folded = await foldVariant(dino);
  assertEquals(folded.tensors.names.filter((name) => name.includes("lambda")), []);
  const expected = await outputsOf(float64, dino, inputs);
  assertOutputs(await outputsOf(float64, folded, inputs), expected, limit, "dinov2");
});

for (const id of Object.keys(folds)) {
  onEachBackend(
    `decoder() with the folded parameters of ${id} gives the variant's logits`,
    async (backend) => {
      const config = configOf(id, "layer");
      const tensors = normkitTensors(config);
      const own = parametersOf(config, tensors);
      const [expected] = await numbersOf(() => [decoder(own, config, [smallTokens])]);
      const folded = await foldVariant(normkitModel(config, tensors));
      const plain = ownConfig(folded.config) as DecoderConfig;
      const numbers = await numbersIn(folded.tensors);
      const given = [...numbers].map(([name, values]) =>
        [name, { ...folded.tensors.info(name), values }] as const
      );
      const parameters = parametersOf(plain, Object.fromEntries(given));
      const [logits] = await numbersOf(() => [decoder(parameters, plain, [smallTokens])]);
      assertClose(logits!, expected!, tolerance(backend, "value"), id);
      disposeTree([own, parameters]);
    },
  );
}

Deno.test("foldVariant() of Granite takes its factor of branches into what writes", async () => {
  using source = await openGolden("granite");
  const { inputs } = await goldenOf("granite");
  const made = await foldVariant(source);
  const read = describeModel(made.family, made.config, made.tensors);
  assertEquals([made, read].map(({ spec }) => spec.stacks["decoder"]!.residual.label), [
    "Pre-LN",
    "Pre-LN",
  ]);
  const expected = await outputsOf(float64, source, inputs);
  const limit = toleranceInFloat64("conversion");
  assertOutputs(await outputsOf(float64, read, inputs), expected, limit, "folded");
});
