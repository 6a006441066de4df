// Every kind of Transformer besides decoders, with every residual variant, without and with gates: saved and opened it is what it was,
// float64, tensors and ONNX give the same outputs, and folding is exact, or refused with the mathematical reason.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { TensorSource } from "../lib/checkpoint/tensors.ts";
import { convert, targets } from "../lib/convert/convert.ts";
import { foldVariant } from "../lib/convert/fold_variant.ts";
import { saveModel } from "../lib/convert/save.ts";
import { randomInputs } from "../lib/convert/inputs.ts";
import { Random } from "../lib/core/random.ts";
import { disposeTree } from "../lib/core/tree.ts";
import type { NamedTensors } from "../lib/decoder/mod.ts";
import { onnxBytes } from "../lib/export/mod.ts";
import { configText, parseConfig } from "../lib/families/config_text.ts";
import { loadParameters } from "../lib/families/language_model.ts";
import { describeModel, type Model } from "../lib/families/model.ts";
import { openModel } from "../lib/families/open.ts";
import { findFamily } from "../lib/families/registry.ts";
import { transformerModel } from "../lib/families/own_model.ts";
import type { ModelInputs, Values } from "../lib/interpret/inputs.ts";
import { float64 } from "../lib/interpret/float64.ts";
import { residuals } from "../lib/residual/mod.ts";
import { transformer, type TransformerConfig } from "../lib/transformer/kinds.ts";
import { runBatch } from "../lib/transformer/run.ts";
import { onBackend } from "./support/backends.ts";
import { assertClose } from "./support/close.ts";
import { eagerInputs } from "./support/eager_inputs.ts";
import { numbersOf } from "./support/evaluate.ts";
import { outputsOf } from "./support/golden_models.ts";
import { tolerance, toleranceInFloat64 } from "./support/tolerances.ts";
import { kindCases } from "./support/transformer_cases.ts";
import { inFolder } from "./unit/checkpoint/files.ts";
import { runOnnx } from "./unit/export/onnx_runtime.ts";

const exact = toleranceInFloat64("conversion");

/** Parameters far from their start: gains from 1, biases and gates from 0. */
function drawn(config: TransformerConfig): NamedTensors {
  const entries = [...transformer(config).starts].map(([name, { shape }]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const mean = name.endsWith(".gain") ? 1 : 0;
    const values = new Random(1, name).normals(size, 0.4).map((value) => mean + value);
    return [name, tf.tensor(values, [...shape])] as const;
  });
  return Object.fromEntries(entries);
}

const logitsOf = async (model: Model, inputs: ModelInputs): Promise<Values> =>
  (await outputsOf(float64, model, inputs))["logits"]!;

/** Inputs as batches of one. */
function batched({ tokens, source, ...others }: ModelInputs): Record<string, Values> {
  const ids = (row: readonly number[] = []): Values => ({
    shape: [row.length],
    values: Float64Array.from(row),
  });
  const all = { tokens: ids(tokens), source: ids(source), ...others };
  return Object.fromEntries(
    Object.entries(all).map(([name, { shape, values }]) => [name, {
      shape: [1, ...shape],
      values,
    }]),
  );
}

/** Why a variant does not fold, or undefined. */
function whyNotFolded(base: string, gates: string): string | undefined {
  if (gates === "" && base !== "deep-norm" && base !== "lns") return "it has no gates, constants";
  return base === "resi-dual" ? "adds each branch to more than one stream" : undefined;
}

async function assertFolds(model: Model, inputs: ModelInputs, expected: Values): Promise<void> {
  const { family, config, tensors } = await foldVariant(model);
  const read = parseConfig(configText(config), "config.json");
  const folded = describeModel(family, read, tensors);
  assertEquals(tensors.names.filter((name) => /gate(\.|$)/.test(name)), []);
  assertClose((await logitsOf(folded, inputs)).values, expected.values, exact, "folded");
}

/** Saves, opens and exports a model with the parameters that its configuration names; what it makes of an input is given to a test. */
function saved(
  config: TransformerConfig,
  test: (model: Model, inputs: ModelInputs, expected: Values) => Promise<void>,
): Promise<void> {
  return onBackend("cpu", () =>
    inFolder(async (folder) => {
      const parameters = drawn(config);
      await saveModel(folder, await transformerModel(parameters, config));
      using model = await openModel(folder);
      const [inputs] = randomInputs(model, 1, 1) as [ModelInputs];
      const loaded = await loadParameters(model);
      const [before, after] = await numbersOf(() =>
        [parameters, loaded].map((own) =>
          runBatch(own, transformer(config), eagerInputs(inputs))["logits"]!
        )
      );
      disposeTree([parameters, loaded]);
      assertEquals(after, before, "loaded, bit for bit");

      const expected = await logitsOf(model, inputs);
      assertClose(before!, expected.values, tolerance("cpu", "value"), "tensors");
      const onnx = await runOnnx(await onnxBytes(model), batched(inputs));
      assertClose(onnx["logits"]!.values, expected.values, 1e-5, "ONNX");
      await test(model, inputs, expected);
    }));
}

for (const [kind, { config: plain }] of Object.entries(kindCases)) {
  for (const { id: base } of residuals) {
    for (const gates of ["", "+gpas", "+gpas-tanh-site"]) {
      Deno.test(`${kind} with ${base}${gates} is saved, opened, exported and folded`, () =>
        saved({ ...plain, residual: `${base}${gates}` }, async (model, inputs, expected) => {
          const reason = whyNotFolded(base, gates);
          if (reason === undefined) await assertFolds(model, inputs, expected);
          else await assertRejects(() => foldVariant(model), RangeError, reason);
        }));
    }
  }

  Deno.test(`${kind} that is Pre-LN is converted to every target`, () =>
    saved(plain, async (model, inputs, expected) => {
      for (const to of targets) {
        const { values } = await logitsOf(convert(model, { to }), inputs);
        assertClose(values, expected.values, exact, to);
      }
    }));

  Deno.test(`describeModel() of ${kind} misses each tensor, and quotes little`, () =>
    saved(plain, ({ family, config, tensors }) => {
      for (const gone of tensors.names) {
        const has = (name: string): boolean => name !== gone && tensors.has(name);
        const rest = { ...tensors, names: tensors.names.filter(has), has } as TensorSource;
        rest.info = (name) => tensors.info(name);
        assertThrows(() => describeModel(family, config, rest), RangeError, gone);
      }
      for (const key of Object.keys(config)) {
        const changed = { ...config, [key]: "x".repeat(1e6) };
        const error = assertThrows(
          () => describeModel(findFamily(changed), changed, tensors),
          RangeError,
        );
        assert(error.message.length < 1000, key);
      }
      return Promise.resolve();
    }));
}

/** What configurations may say besides. */
const choices: Readonly<Record<string, readonly object[]>> = {
  "encoder": [
    { tied: true },
    { classes: 3 },
    { classes: 3, pooling: "mean" },
    { positions: "rotary", activation: "swiglu" },
    { normEps: { "norm.final": 0.5, "blocks.2.norm.attention.input": 0.25 } },
  ],
  "encoder-decoder": [
    { positions: "rotary", activation: "relu", bias: false },
    { ends: ["embedding", "final"], norm: "rms" },
    { normEps: { "decoder.blocks.3.norm.crossAttention.input": 0.5 } },
  ],
  "vision": [{ pooling: "mean", norm: "crms" }, { bias: false, activation: "swiglu" }],
  "speech": [{ reads: "mean", norm: "crms" }, { ends: [] }],
  "image-text": [
    { norm: "crms", activation: "swiglu" },
    { norm: "rms", bias: false, ends: ["embedding", "final"] },
    { normEps: { "blocks.2.norm.feedForward.tokens.input": 0.25, "norm.final": 0.5 } },
  ],
};

for (const [kind, rows] of Object.entries(choices)) {
  for (const choice of rows) {
    Deno.test(`${kind} with ${JSON.stringify(choice)} is saved, opened and exported`, () =>
      saved(
        { ...kindCases[kind]!.config, ...choice } as TransformerConfig,
        async ({ spec }, _, { values }) => {
          assertEquals(Object.keys(spec.stacks).length, kind === "encoder-decoder" ? 2 : 1);
          assert(values.every(Number.isFinite));
          await Promise.resolve();
        },
      ));
  }
}

Deno.test("transformer() refuses what is no kind, and ε of norms that are not there", () => {
  const { config } = kindCases["encoder-decoder"]!;
  const cases: readonly (readonly [object, string])[] = [
    [{ kind: "decoder" }, 'kind = "decoder": it must be one of encoder, encoder-decoder'],
    [
      { normEps: { "norm.final": 1 } },
      "the norms are encoder.norm.embedding, encoder.norm.final, ",
    ],
    [{ normEps: { "encoder.blocks.1.norm.crossAttention.input": 1 } }, "encoder.norm.embedding"],
    [{ normEps: { "decoder.blocks.4.norm.attention.input": 1 } }, "decoder.blocks.3.norm"],
    [{ normEps: { "encoder.norm.final": 0 } }, "> 0"],
  ];
  for (const [changed, message] of cases) {
    const given = { ...config, ...changed } as TransformerConfig;
    assertThrows(() => transformer(given), RangeError, message);
  }
});
