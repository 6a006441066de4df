// The heads of every kind against transformers: classifiers, poolers and others on the bodies of the golden checkpoints, run, converted
// and exported. Each file of tests/golden/heads has the parameters of heads, what the model reads, and what it makes of that.

import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { readAll } from "../../lib/backend/read.ts";
import { disposeTree } from "../../lib/core/tree.ts";
import { convert, targets } from "../../lib/convert/convert.ts";
import { inspect } from "../../lib/convert/inspect.ts";
import { onnxBytes } from "../../lib/export/mod.ts";
import { accountOf } from "../../lib/families/account.ts";
import { configText, parseConfig } from "../../lib/families/config_text.ts";
import { loadParameters } from "../../lib/families/language_model.ts";
import { describeModel, type Model } from "../../lib/families/model.ts";
import { eagerInterpreter } from "../../lib/interpret/eager.ts";
import { float64 } from "../../lib/interpret/float64.ts";
import type { ModelInputs } from "../../lib/interpret/inputs.ts";
import { forward } from "../../lib/model/forward.ts";
import { onEachBackend } from "../support/backends.ts";
import { assertClose } from "../support/close.ts";
import { eagerInputs } from "../support/eager_inputs.ts";
import { goldenHeadNames, openGoldenHead } from "../support/golden_heads.ts";
import { assertOutputs, outputsOf } from "../support/golden_models.ts";
import { tolerance, toleranceInFloat64 } from "../support/tolerances.ts";
import { runOnnx } from "../unit/export/onnx_runtime.ts";

/** Targets to which a model with these heads can be converted. */
const possibleIn = (model: Model) => targets.filter((to) => inspect(model).targets[to].possible);

/** Those that are none, by what stands in the message. */
const refused: Readonly<Record<string, readonly string[]>> = {
  "pre-ln pre-rmsnorm pre-crmsnorm": [
    "llama",
    "gemma",
    "gemma3",
    "qwen3",
    "modernbert",
    "t5",
    "eurobert",
  ],
  "pre-ln pre-rmsnorm pre-crmsnorm weightless": [
    ...["openai-gpt", "bert", "roberta", "distilbert", "bart", "plbart"],
  ],
  "pre-crmsnorm": [
    ...["gpt2-body", "opt-narrow-body", "gpt-neox-body", "vit-body", "deit-body", "dinov2-body"],
    "whisper-body",
  ],
};

for (const name of goldenHeadNames) {
  Deno.test(`heads of ${name} are transformers' in float64, before and after conversions`, async () => {
    using golden = await openGoldenHead(name);
    const { model, inputs, expected } = golden;
    assert(Object.keys(expected).length > 0);
    assertEquals(accountOf(model).unused, []);
    const limit = toleranceInFloat64(
      name.startsWith("bloom") ? "BLOOM of transformers" : "model of transformers",
    );
    assertOutputs(await outputsOf(float64, model, inputs), expected, limit, name);
    const whyNot = Object.entries(refused).find(([, models]) =>
      models.some((one) => `${name}-`.startsWith(`${one}-`))
    );
    const possible = possibleIn(model);
    assertEquals(possible, targets.filter((to) => !(whyNot?.[0] ?? "").split(" ").includes(to)));
    for (const to of possible) {
      const made = convert(model, { to });
      assertOutputs(await outputsOf(float64, made, inputs), expected, limit, `${name} ${to}`);
      const config = parseConfig(configText(made.config), "config.json");
      assertEquals(describeModel(made.family, config, made.tensors).spec, made.spec, to);
    }
  });

  Deno.test(`heads of ${name} in onnxruntime are transformers'`, async () => {
    using golden = await openGoldenHead(name);
    const { model, inputs, expected } = golden;
    const made = possibleIn(model).includes("pre-crmsnorm")
      ? convert(model, { to: "pre-crmsnorm" })
      : model;
    const found = await runOnnx(await onnxBytes(made), batchOf(inputs));
    for (const [output, { values }] of Object.entries(expected)) {
      assertClose(found[output]?.values ?? [], values, 1e-5, `${name}: ${output}`);
    }
  });
}

/** Inputs with their first axis, a batch of one. */
function batchOf({ tokens, source, pixels, features }: ModelInputs): Parameters<typeof runOnnx>[1] {
  const ids = (list: readonly number[] | undefined) =>
    list && { shape: [list.length], values: Float64Array.from(list) };
  const all = { tokens: ids(tokens), source: ids(source), pixels, features };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, one]) =>
      one === undefined ? [] : [[name, { ...one, shape: [1, ...one.shape] }]]
    ),
  );
}

onEachBackend("heads on tensors are transformers'", async (backend) => {
  for (const name of goldenHeadNames) {
    using golden = await openGoldenHead(name);
    const { model, inputs, expected } = golden;
    const parameters = await loadParameters(model);
    const outputs = tf.tidy(() =>
      forward(
        eagerInterpreter({ parameter: (key) => parameters[key], inputs: eagerInputs(inputs) }),
        model.spec,
      )
    );
    const names = Object.keys(outputs);
    const numbers = await readAll(names.map((output) => outputs[output]!));
    disposeTree([outputs, parameters]);
    for (const [output, { values }] of Object.entries(expected)) {
      const found = numbers[names.indexOf(output)] ?? [];
      assertClose(found, values, tolerance(backend, "value"), `${name}: ${output}`);
    }
  }
});
