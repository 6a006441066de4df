// Described models of every kind, trained further for tasks: what fits, which head they get, and the folder that is left.

import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { saveModel } from "../../../lib/convert/save.ts";
import { disposeTree } from "../../../lib/core/tree.ts";
import { holdOut } from "../../../lib/data/dataset.ts";
import type { ImageDataset } from "../../../lib/data/images.ts";
import { type OpenModel, openModel } from "../../../lib/families/open.ts";
import { transformerModel } from "../../../lib/families/own_model.ts";
import { outputsOf } from "../../../lib/families/shapes.ts";
import { probeAll } from "../../../lib/probes/mod.ts";
import { fineTuneTask, loadForTask } from "../../../lib/tasks/fine_tune_task.ts";
import { imageClassification } from "../../../lib/tasks/image_classification.ts";
import type { Task } from "../../../lib/tasks/task.ts";
import { saveFineTuned } from "../../../lib/train/fine_tune_folder.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import { transformer } from "../../../lib/transformer/kinds.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { openGoldenHead } from "../../support/golden_heads.ts";
import { goldenFolder, openGolden } from "../../support/golden_models.ts";
import { inFolder } from "../checkpoint/files.ts";

/** Images of 16 × 16 in color, each class of another brightness. */
function imagesOf(classes: readonly string[]): Task {
  const images: ImageDataset = {
    name: "shades",
    height: 16,
    width: 16,
    channels: 3,
    classes,
    examples: Array.from({ length: 20 }, (_, at) => ({
      label: at % classes.length,
      pixels: new Uint8Array(768).fill((at % classes.length) * 80 + at),
    })),
  };
  return imageClassification(holdOut(images, { heldOutShare: 0.3 })) as Task;
}

const settings = {
  task: "image-classification",
  schedule: { kind: "constant", peak: 0.002 },
  seed: 3,
  steps: 8,
  rows: 4,
  evaluationBatches: 2,
} as const;

/** Trains a model for a task and writes the folder; what was said, and the last measures. */
async function tuned(source: OpenModel, task: Task, out: string) {
  const { notes, model, ...given } = await loadForTask(source, task, 1);
  const { parameters, record } = await fineTuneTask(given, task, settings);
  await saveFineTuned(out, source, parameters, record, model);
  disposeTree([given.parameters, parameters]);
  return { notes, rows: record.rows };
}

onEachBackend(
  "a ViT gets a head for other classes, which it learns",
  () =>
    inFolder(async (folder) => {
      const before = tf.memory().numTensors;
      using source = await openGolden("vit");
      const { notes, rows } = await tuned(source, imagesOf(["dark", "bright"]), `${folder}/out`);
      assertEquals(notes, [
        "The head is fresh, for dark, bright: the model's was for label 0, label 1, label 2 … (7)",
      ]);
      const nats = rows.filter(({ kind }) => kind === "evaluation").map(({ nats }) => Number(nats));
      assert(nats.at(-1)! < nats[0]!, `${nats}`);
      using made = await openModel(`${folder}/out`);
      assertEquals([...made.tensors.names].sort(), [...source.tensors.names].sort());
      assertEquals(outputsOf(made, made.spec.heads[0]!.linear), 2);
      assertEquals(made.config["id2label"], { "0": "dark", "1": "bright" });
      assertEquals(made.config["label2id"], { dark: 0, bright: 1 });
      assertEquals(tf.memory().numTensors, before);
    }),
);

onEachBackend(
  "a probe looks at a model that is trained further by its layers, and at what is frozen not",
  async () => {
    const before = tf.memory().numTensors;
    using source = await openGolden("vit");
    const task = imagesOf(["dark", "bright"]);
    const { parameters: start, spec } = await loadForTask(source, task, 1);
    const frozen = ["vit.embeddings.position_embeddings"];
    const given = { parameters: start, spec: { ...spec, frozen } };
    const { parameters, record } = await fineTuneTask(
      given,
      task,
      { ...settings, steps: 1 },
      { probe: probeAll, probes: { evaluations: ["all"] } },
    );
    assertEquals(record.manifest.probes, { evaluations: ["all"] });
    const { name, measured } = task.baseline;
    assertEquals(record.rows[0], { kind: "baseline", step: 0, name, ...measured });
    const gradients = record.rows.filter(({ kind, step }) => kind === "gradient" && step === 1);
    assertEquals(
      new Set([...gradients.map(({ name }) => String(name)), ...frozen]),
      new Set(Object.keys(start)),
    );
    const place = (wanted: string) => {
      const { stack, layer, parameter } = gradients.find(({ name }) => name === wanted)!;
      return [stack, layer, parameter];
    };
    const [path, own] = ["vit.encoder.layer", "attention.attention.query.weight"];
    assertEquals(place(`${path}.0.${own}`), [undefined, 1, own]);
    assertEquals(place(`${path}.1.${own}`), [undefined, 2, own]);
    assertEquals(place("classifier.weight"), [undefined, 0, "classifier.weight"]);
    disposeTree([start, parameters]);
    assertEquals(tf.memory().numTensors, before);
  },
);

const labels = Array.from({ length: 7 }, (_, at) => `label ${at}`);

Deno.test("classes that are the model's keep its head, and its config.json as it is", () =>
  onBackend("cpu", () =>
    inFolder(async (folder) => {
      using source = await openGolden("vit");
      const { notes } = await tuned(source, imagesOf(labels), `${folder}/out`);
      assertEquals(notes, ["The head for label 0, label 1, label 2 … (7) is trained further"]);
      const config = (path: string) => Deno.readTextFile(`${path}/config.json`);
      assertEquals(await config(`${folder}/out`), await config(goldenFolder("vit")));
    })));

Deno.test("a head whose classes have no names is that of as many, and of others in another order it is not", () =>
  onBackend("cpu", async () => {
    using source = await openGolden("vit");
    const numbers = Object.fromEntries(labels.map((_, at) => [at, `LABEL_${at}`]));
    const notesOf = async (id2label: object, classes: readonly string[]) => {
      const model = { ...source, config: { ...source.config, id2label } };
      const { notes, parameters } = await loadForTask(model, imagesOf(classes), 1);
      disposeTree(parameters);
      return notes;
    };
    const turned = labels.toReversed();
    assertEquals(await notesOf(numbers, turned), [
      "The head for label 6, label 5, label 4 … (7) is trained further",
    ]);
    assertEquals(await notesOf({ ...labels }, turned), [
      "The head is fresh, for label 6, label 5, label 4 … (7): the model's was for label 0, label 1, label 2 … (7)",
    ]);
    assertEquals(await notesOf(numbers, ["a", "b"]), [
      "The head is fresh, for a, b: the model's was for 7 classes",
    ]);
  }));

for (const name of ["vit-body", "deit-body", "dinov2-body"]) {
  Deno.test(`${name} gets the classifier that transformers has, under its names`, () =>
    onBackend("cpu", () =>
      inFolder(async (folder) => {
        using head = await openGoldenHead(name);
        await saveModel(`${folder}/source`, head.model);
        using source = await openModel(`${folder}/source`);
        const { notes } = await tuned(source, imagesOf(["dark", "bright"]), `${folder}/out`);
        assertEquals(notes, [
          "The head is fresh, for dark, bright: the model had none for classes",
        ]);
        using made = await openModel(`${folder}/out`);
        const prefix = `${source.family.id}.`;
        assertEquals(
          made.tensors.names.filter((tensor) => !tensor.startsWith(prefix)).sort(),
          ["classifier.bias", "classifier.weight"],
        );
        assert(String(made.config["architectures"]).endsWith("ForImageClassification"));
        using stored = await openCheckpoint(`${folder}/out`);
        const mask = `${prefix}embeddings.mask_token`;
        if (stored.has(mask)) { // what nothing reads is copied
          assertEquals(
            await readTensor(stored, mask),
            await readTensor(source.tensors, "embeddings.mask_token"),
          );
        }
      })));
}

Deno.test("a model of this library gets a head for other classes too", () =>
  onBackend("cpu", () =>
    inFolder(async (folder) => {
      const layers = { width: 8, heads: 2, depth: 1, imageSize: 16, patchSize: 8, classes: 3 };
      const config = { kind: "vision", ...layers } as const;
      const drawn = drawStarts(transformer(config).starts, 1);
      await saveModel(`${folder}/source`, await transformerModel(drawn, config));
      disposeTree(drawn);
      using source = await openModel(`${folder}/source`);
      const { notes } = await tuned(source, imagesOf(["dark", "bright"]), `${folder}/out`);
      assertEquals(notes, ["The head is fresh, for dark, bright: the model's was for 3 classes"]);
      using made = await openModel(`${folder}/out`);
      assertEquals([made.config["classes"], made.tensors.info("head.w").shape], [2, [8, 2]]);
    })));

Deno.test("a model that does not fit a task is refused with the reason", () =>
  onBackend("cpu", async () => {
    const cases: readonly (readonly [string, string])[] = [
      ["gpt2", "it reads tokens, and the task gives pixels"],
      ["bart", "it reads source and tokens, and the task gives pixels"],
      ["siglip", "it reads pixels and tokens"],
      ["videomae", "it reads video"],
      ["dinov3", "the images are 16 × 16 × 3, and it reads 12 × 16 × 3"],
      ["vit-mae", "Cannot put a classifier on this ViT-MAE model: that is known of bert, "],
    ];
    for (const [name, reason] of cases) {
      using source = await openGolden(name);
      await assertRejects(() => loadForTask(source, imagesOf(["a", "b"]), 1), RangeError, reason);
    }
  }));
