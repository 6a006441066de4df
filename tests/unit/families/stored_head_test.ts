// What a file has for a head that its configuration says to be the token table: the head, unless it is the table's copy.

import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import type { MemoryTensor } from "../../../lib/checkpoint/memory.ts";
import { disposeTree } from "../../../lib/core/tree.ts";
import { loadTrainable, saveFineTuned } from "../../../lib/train/fine_tune_folder.ts";
import { onBackend } from "../../support/backends.ts";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { convert, targets } from "../../../lib/convert/convert.ts";
import { inspect, inspectionText } from "../../../lib/convert/inspect.ts";
import { saveModel } from "../../../lib/convert/save.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { type OpenModel, openModel } from "../../../lib/families/open.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import type { DType } from "../../../lib/checkpoint/dtype.ts";
import { editedTensors } from "../../support/edited_tensors.ts";
import {
  assertOutputs,
  goldenOf,
  openGolden,
  type Outputs,
  outputsOf,
} from "../../support/golden_models.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";
import { inFolder } from "../checkpoint/files.ts";

/** Models whose head is the token table, with the name that a matrix of its own has. */
const heads: Readonly<Record<string, string>> = {
  bert: "cls.predictions.decoder.weight",
  bloom: "lm_head.weight",
  gemma: "lm_head.weight",
  gpt2: "lm_head.weight",
  whisper: "proj_out.weight",
};

/** Runs a body with a folder of a model that has a matrix beside its table. */
async function withStored(
  name: string,
  { change = (value) => value, dtype = "F32", rows = Infinity }: {
    readonly change?: (value: number, at: number, count: number) => number;
    readonly dtype?: DType;
    readonly rows?: number;
  },
  body: (model: OpenModel, golden: OpenModel) => Promise<void> | void,
): Promise<void> {
  using golden = await openGolden(name);
  const table = golden.spec.heads[0]!.linear.weight;
  const [all, width] = golden.tensors.info(table).shape as [number, number];
  const shape = [Math.min(rows, all), width];
  const own = (await readTensor(golden.tensors, table)).slice(0, shape[0]! * width);
  const values = own.map((value, at) => change(value, at, own.length));
  const tensors = editedTensors(golden.tensors, {
    added: { [heads[name]!]: { shape, values, dtype } },
  });
  await inFolder(async (folder) => {
    await saveModel(`${folder}/model`, { ...golden, tensors });
    using model = await openModel(`${folder}/model`);
    await body(model, golden);
  });
}

const { inputs } = await goldenOf("whisper");

/** The outputs for the tokens and the sound of one golden model. */
const run = (model: Model): Promise<Outputs> => outputsOf(float64, model, inputs);

for (const name of Object.keys(heads)) {
  Deno.test(`openModel() of ${name}: a matrix beside the table is the head where one number differs`, async () => {
    const last = (value: number, at: number, count: number): number =>
      at === count - 1 ? value + 1 : value;
    await withStored(name, { change: last }, async (model, golden) => {
      assertEquals(model.storedHead, "own");
      assertEquals(model.spec.heads[0]!.linear.weight, heads[name]);
      const { logits } = await run(model);
      const tied = (await run(golden))["logits"]!;
      const width = tied.shape.at(-1)!;
      const differing = logits!.values.map((value, at) => Number(value !== tied.values[at]));
      assertEquals(differing, differing.map((_, at) => Number(at % width === width - 1)));
      for (const to of targets) {
        if (!inspect(model).targets[to].possible) continue;
        const made = convert(model, { to });
        assertEquals(made.config["tie_word_embeddings"], false);
        const limit = toleranceInFloat64("conversion");
        assertOutputs(await run(made), { logits: logits! }, limit, to);
      }
    });
  });

  Deno.test(`openModel() of ${name}: a matrix beside the table is its copy where all bytes are the same`, async () => {
    await withStored(name, {}, (model, golden) => {
      assertEquals([model.storedHead, model.spec], ["copy", golden.spec]);
      assertEquals(model.config, golden.config);
    });
  });
}

Deno.test("openModel() takes a head of another dtype or with fewer rows for no copy", async () => {
  await withStored("gpt2", { dtype: "F64" }, (model) => assertEquals(model.storedHead, "own"));
  await withStored("gpt2", { rows: 39 }, async (model) => {
    assertEquals(model.storedHead, "own");
    assertEquals((await run(model))["logits"]!.shape, [inputs.tokens!.length, 39]);
  });
});

Deno.test("describeModel() takes a matrix beside the table for the head, since it reads no number", async () => {
  using golden = await openGolden("gpt2");
  const { tensors, family, config } = golden;
  const table = golden.spec.heads[0]!.linear.weight;
  const { shape } = tensors.info(table);
  const values = await readTensor(tensors, table);
  const both = editedTensors(tensors, { added: { "lm_head.weight": { shape, values } } });
  const model = describeModel(family, config, both);
  assertEquals(model.spec.heads[0]!.linear.weight, "lm_head.weight");
  assertEquals(golden.storedHead, undefined);
});

Deno.test("inspect() says what the matrix beside the table is", async () => {
  const line = (model: Model): string | undefined =>
    inspectionText(inspect(model)).split("\n").find((text) => text.startsWith("tied head"));
  await withStored(
    "gpt2",
    {},
    (model) =>
      assertEquals(line(model), "tied head      yes, and the file has a copy of the table for it"),
  );
  await withStored("gpt2", { change: (value) => -value }, (model) =>
    assertEquals(
      line(model),
      "tied head      no: config.json says so, and the file has another matrix, which is the head",
    ));
});

Deno.test("saveFineTuned() writes a head of its own as it was trained, beside a classifier that was not", () =>
  onBackend("cpu", async () => {
    using golden = await openGolden("gpt2");
    const ones = (rows: number): MemoryTensor & { dtype: DType } => (
      { shape: [rows, 24], values: new Float64Array(24 * rows).fill(1), dtype: "F32" }
    );
    const added = { "score.weight": ones(3), "lm_head.weight": ones(40) };
    const config = { ...golden.config, architectures: ["GPT2ForSequenceClassification"] };
    await inFolder(async (folder) => {
      const tensors = editedTensors(golden.tensors, { added });
      await saveModel(`${folder}/model`, { ...golden, config, tensors });
      using source = await openModel(`${folder}/model`);
      const { parameters } = await loadTrainable(source);
      const head = parameters["lm_head.weight"]!;
      assertEquals("score.weight" in parameters, false);
      const trained = { ...parameters, "lm_head.weight": tf.mul(head, 2) };
      await saveFineTuned(`${folder}/tuned`, source, trained);
      disposeTree([trained, head]);
      using tuned = await openModel(`${folder}/tuned`);
      const valuesOf = (name: string): Promise<Float64Array> => readTensor(tuned.tensors, name);
      assertEquals(await valuesOf("lm_head.weight"), new Float64Array(960).fill(2));
      assertEquals(await valuesOf("score.weight"), new Float64Array(72).fill(1));
    });
  }));
