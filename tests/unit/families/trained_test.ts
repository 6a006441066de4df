// From training to a file and back: the record tells the variant whole, or says that it does not.

import { assertEquals, assertRejects } from "@std/assert";
import { writeParameters } from "../../../lib/decoder/mod.ts";
import { foldVariant } from "../../../lib/convert/fold_variant.ts";
import { disposeTree } from "../../../lib/core/tree.ts";
import { decoderModel } from "../../../lib/families/own_model.ts";
import { openModel } from "../../../lib/families/open.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { decoder } from "../../../lib/decoder/decoder.ts";
import { initDecoder } from "../../../lib/decoder/initialization.ts";
import { findResidual, preLn, type Residual, withGpas } from "../../../lib/residual/mod.ts";
import { readRun, train, type TrainOptions, writeRun } from "../../../lib/train/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { runHere } from "../../support/cli.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { outputsOf } from "../../support/golden_models.ts";
import { tolerance } from "../../support/tolerances.ts";
import { inFolder } from "../checkpoint/files.ts";
import { oneRow, replaced, tiny } from "../train/tiny_run.ts";
import * as tf from "@tensorflow/tfjs";

const tokens = [0, 3, 1, 4, 1, 5];

/** Trains two steps from open gates, writes what `normkit train` writes, and gives the logits of the trained model. */
async function trained(
  path: string,
  residual: string,
  options: TrainOptions = {},
): Promise<number[]> {
  const settings = { ...tiny, steps: 2, model: { ...tiny.model, residual } };
  const config = {
    ...settings.model,
    vocabulary: oneRow.tokenizer.vocabulary,
    residual: options.residual ?? residual,
  };
  let start = initDecoder(config, 3);
  for (const gate of ["gate", "gate.attention", "gate.feedForward"]) {
    start = replaced(start, `blocks.2.${gate}`, () => tf.scalar(0.7));
  }
  const { parameters, record } = await train(settings, oneRow, { ...options, parameters: start });
  const [logits] = await numbersOf(() => [decoder(parameters, config, [tokens])]);
  await writeRun(path.replace(/\/[^/]*$/, ""), record);
  await writeParameters(`${path}.safetensors`, parameters);
  disposeTree([start, parameters]);
  return logits!;
}

const gatings = ["tanh", "identity", "site", "scaled-silu-site", "leaky-relu", "relu-site"];

for (
  const id of ["pre-ln", "deep-norm"].flatMap((base) => gatings.map((g) => `${base}+gpas-${g}`))
) {
  Deno.test(`a trained ${id} is opened, described and folded as it was trained`, () =>
    onBackend("cpu", () =>
      inFolder(async (folder) => {
        const expected = await trained(`${folder}/${id}`, id);
        using model = await openModel(`${folder}/${id}`);
        const close = tolerance("cpu", "value");
        const read = (await outputsOf(float64, model, { tokens }))["logits"]!.values;
        assertClose(read, expected, close, "opened");
        const folded = await foldVariant(model);
        const plain = (await outputsOf(float64, folded, { tokens }))["logits"]!.values;
        assertClose(plain, expected, close, "folded");
        const { manifest } = await readRun(folder, id);
        assertEquals([manifest.variant, manifest.ownVariant], [id, undefined]);
      })));
}

Deno.test("train() takes a registered variant as an object for its id", () =>
  onBackend("cpu", () =>
    inFolder(async (folder) => {
      const residual = withGpas(preLn, { activation: "tanh" });
      const expected = await trained(`${folder}/${residual.id}`, residual.id, { residual });
      const { manifest } = await readRun(folder, residual.id);
      assertEquals(manifest.ownVariant, undefined);
      using model = await openModel(`${folder}/${residual.id}`);
      const read = (await outputsOf(float64, model, { tokens }))["logits"]!.values;
      assertClose(read, expected, tolerance("cpu", "value"), "opened");
    })));

/** Objects under registered ids whose equations, starts or gates are others. */
const own: Readonly<Record<string, Residual>> = {
  "another equation": {
    ...preLn,
    wiring: (site) => ({
      ...preLn.wiring(site),
      update: ({ add, scale }, x, f, n) => add(x, scale(2, f(n.input(x)))),
    }),
  },
  "another start": { ...preLn, init: { base: "normal" } },
  "another end": { ...preLn, finish: ({ scale }, [x], final) => scale(2, final(x)) },
  "other gates": {
    ...findResidual("pre-ln+gpas"),
    gpas: { activation: "tanh", gate: "layer" },
  },
};

for (const [what, residual] of Object.entries(own)) {
  Deno.test(`a record of ${residual.id} with ${what} says so, and nothing computes its model by the id`, () =>
    onBackend("cpu", () =>
      inFolder(async (folder) => {
        const path = `${folder}/${residual.id}`;
        await trained(path, residual.id, { residual });
        const { manifest } = await readRun(folder, residual.id);
        assertEquals(manifest.ownVariant, true);
        const sentence =
          `Cannot compute the model of ${path}.json: it was trained with a variant "${residual.id}" of its own, an object that ` +
          "the manifest does not hold; give that object to decoder() in code, as the configuration's residual";
        assertEquals((await assertRejects(() => openModel(path), RangeError)).message, sentence);
        const commands = [
          ["generate", path, "--prompt", "the"],
          ["fold", path, `${folder}/out`],
          ["verify", path, path],
          ["inspect", path],
          ["convert", path, `${folder}/out`, "--to", "pre-rmsnorm"],
          ["logits", path, "--tokens", "1", "--out", `${folder}/numbers`],
        ];
        for (const words of commands) {
          const { code, err } = await runHere(...words);
          assertEquals([code !== 0, err.includes(sentence)], [true, true], words[0]);
        }
      })));
}

Deno.test("decoderModel() refuses a variant of one's own under a registered id", () =>
  onBackend("cpu", async () => {
    const config = { ...tiny.model, vocabulary: 5, residual: { ...preLn } };
    const parameters = initDecoder(config, 0);
    await assertRejects(() => decoderModel(parameters, config), RangeError, "of your own");
    disposeTree(parameters);
  }));
