// Every residual variant, without and with gates, with each norm, trained for two steps: float64 is the papers' recurrence, files,
// ONNX and tensors give the same logits, and folding is exact, or refused with the mathematical reason.

import { assertEquals, assertRejects } from "@std/assert";
import { foldVariant } from "../lib/convert/fold_variant.ts";
import { decoder, type DecoderConfig } from "../lib/decoder/mod.ts";
import { disposeTree } from "../lib/core/tree.ts";
import { onnxBytes } from "../lib/export/mod.ts";
import { configText, parseConfig } from "../lib/families/config_text.ts";
import { describeDecoder, loadParameters } from "../lib/families/language_model.ts";
import { describeModel, type Model } from "../lib/families/model.ts";
import { ownConfig } from "../lib/families/normkit.ts";
import { openModel } from "../lib/families/open.ts";
import { residuals } from "../lib/residual/mod.ts";
import { makeCorpus, saveRun, train, type TrainSettings } from "../lib/train/mod.ts";
import { onBackend } from "./support/backends.ts";
import { assertClose } from "./support/close.ts";
import { numbersOf } from "./support/evaluate.ts";
import type { Tensors } from "./support/normkit_model.ts";
import { plainDecoder } from "./support/plain_decoder.ts";
import { numbersIn } from "./support/tensor_rows.ts";
import { tolerance, toleranceInFloat64 } from "./support/tolerances.ts";
import { inFolder } from "./unit/checkpoint/files.ts";
import { logitsOf } from "./unit/export/golden.ts";
import { runOnnx } from "./unit/export/onnx_runtime.ts";

const exact = toleranceInFloat64("conversion");
const tokens = [3, 1, 4, 1, 5, 8];
const corpus = makeCorpus("a whale is a fish that swims; call me no fish but a whale. ".repeat(5));

/** Widths that differ, an ε that is seen, and layers enough that Mix-LN has one of each kind. */
const sizes = {
  ...{ context: 8, width: 6, depth: 5, heads: 2, hidden: 10, eps: 1e-3, embeddingScale: 1.5 },
  activation: "relu",
} as const;

/** Two steps that change each parameter by some 0.3, gates too. */
const settings = {
  seed: 1,
  steps: 2,
  rows: 2,
  schedule: { kind: "constant", peak: 0.15 },
} as const;

/** What is left of a variant when its factors are gone, where it is another. */
const plain: Readonly<Record<string, string>> = {
  "deep-norm": "post-ln",
  "lns": "pre-ln",
  "lns-gain": "pre-ln",
};

/** Why a variant does not fold, or undefined. */
function whyNotFolded(base: string, gates: string): string | undefined {
  if (gates === "" && base !== "deep-norm" && base !== "lns") return "it has no gates, constants";
  return base === "resi-dual" ? "adds each branch to more than one stream" : undefined;
}

/** The recurrence of the papers with a model's numbers. */
async function oracleOf({ tensors, config }: Model): Promise<number[]> {
  const numbers = await numbersIn(tensors);
  const given: Tensors = Object.fromEntries(
    [...numbers].map(([name, values]) => [name, { ...tensors.info(name), values }]),
  );
  return plainDecoder(ownConfig(config) as DecoderConfig, given, tokens).flat();
}

async function assertFolds(model: Model, expected: number[], base: string): Promise<void> {
  const folded = await foldVariant(model);
  const { family, config, tensors } = folded;
  assertEquals(config["residual"], plain[base] ?? base);
  assertEquals(tensors.names.filter((name) => /gate(\.|$)/.test(name)), []);
  const reread = describeModel(family, parseConfig(configText(config), "config.json"), tensors);
  assertClose(await logitsOf(folded, tokens), expected, exact, "folded");
  assertClose(await logitsOf(reread, tokens), expected, exact, "folded and read again");
  assertClose(await oracleOf(folded), expected, exact, "folded, in plain loops");
}

/** Trains a decoder and saves the run; its logits as tensors have them. */
async function trained(
  folder: string,
  model: TrainSettings["model"],
): Promise<number[]> {
  const { parameters, config, record } = await train({ ...settings, model }, corpus);
  await saveRun(folder, record, parameters, "run");
  const [logits] = await numbersOf(() => [decoder(parameters, config, [tokens])]);
  disposeTree(parameters);
  return logits!;
}

for (const { id: base } of residuals) {
  for (const gates of ["", "+gpas", "+gpas-tanh-site"]) {
    for (const norm of ["layer", "rms", "crms"] as const) {
      Deno.test(`${base}${gates} with ${norm} norms trains, is saved, exported and folded`, () =>
        onBackend("cpu", () =>
          inFolder(async (folder) => {
            const logits = await trained(folder, { ...sizes, residual: `${base}${gates}`, norm });
            using model = await openModel(`${folder}/run`);
            const loaded = await loadParameters(model);
            const described = describeDecoder(model);
            const [again] = await numbersOf(() => [decoder(loaded, described, [tokens])]);
            disposeTree(loaded);
            assertEquals(again, logits, "loaded, bit for bit");

            const expected = await oracleOf(model);
            assertClose(await logitsOf(model, tokens), expected, exact, "float64");
            assertClose(logits, expected, tolerance("cpu", "value"), "tensors");
            const given = { shape: [1, tokens.length], values: Float64Array.from(tokens) };
            const onnx = await runOnnx(await onnxBytes(model), { tokens: given });
            assertClose(onnx["logits"]!.values, expected, 1e-5, "ONNX");

            const reason = whyNotFolded(base, gates);
            if (reason === undefined) await assertFolds(model, expected, base);
            else await assertRejects(() => foldVariant(model), RangeError, reason);
          })));
    }
  }
}
