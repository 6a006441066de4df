// `normkit train --from --task`: models of every kind are trained for tasks into folders that open again.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { openModel } from "../../../lib/families/open.ts";
import { runHere } from "../../support/cli.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { taskCases, tinyTuning, writeTaskData, writeTaskSource } from "./tiny_tunings.ts";

for (const [name, options] of Object.entries(taskCases)) {
  Deno.test(`normkit train --from ${name} --task writes a folder with the same tensors`, () =>
    inFolder(async (folder) => {
      await writeTaskData(folder);
      const source = await writeTaskSource(folder, name);
      const given = ["train", "--from", source, ...options(folder), ...tinyTuning, "--json"];
      const { code, out, err } = await runHere(...given, "--out", `${folder}/out`);
      assertEquals(code, 0, err);
      const report = JSON.parse(out);
      assertEquals([report.steps, report.heldOut.nats > 0], [2, true]);
      assertEquals(namesIn(`${folder}/out`), [
        ...["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
        ...["training.json", "training.jsonl"],
      ]);
      using before = await openCheckpoint(source);
      using after = await openCheckpoint(`${folder}/out`);
      assertEquals([...after.names].sort(), [...before.names].sort());
      const changed: string[] = [];
      for (const tensor of after.names) {
        const [old, own] = [before.info(tensor), after.info(tensor)];
        assertEquals(own.dtype, old.dtype, tensor);
        if (tensor.startsWith("classifier.")) continue; // fresh
        assertEquals(own.shape, old.shape, tensor);
        const [was, is] = [await readTensor(before, tensor), await readTensor(after, tensor)];
        if (was.some((value, at) => value !== is[at])) changed.push(tensor);
      }
      using model = await openModel(`${folder}/out`);
      const still = after.names.filter((tensor) =>
        !changed.includes(tensor) && !tensor.startsWith("classifier.")
      );
      const frozen = (model.spec.frozen ?? []).filter((tensor) => after.has(tensor));
      assertEquals(still.sort(), frozen.sort(), "trained but for buffers");
      const kept = name === "vit"
        ? { id2label: { "0": "bright", "1": "dark" } }
        : JSON.parse(await Deno.readTextFile(`${source}/config.json`));
      for (const [key, value] of Object.entries(kept)) assertEquals(model.config[key], value, key);
    }));
}

Deno.test("normkit train --from --task says what its head is, and refuses what does not fit", () =>
  inFolder(async (folder) => {
    await writeTaskData(folder);
    const photos = taskCases["vit"]!(folder);
    const vit = ["train", "--from", await writeTaskSource(folder, "vit"), ...tinyTuning, "--json"];
    const { code, out } = await runHere(...vit, ...photos, "--out", `${folder}/out`);
    assertEquals(code, 0);
    const [note] = JSON.parse(out).notes;
    assertStringIncludes(note, "The head is fresh, for bright, dark: the model's was for label 0");
    const whisper = ["train", "--from", await writeTaskSource(folder, "whisper"), ...tinyTuning];
    const spoken = taskCases["whisper"]!(folder);
    const bert = ["train", "--from", await writeTaskSource(folder, "bert"), ...tinyTuning];
    const masked = taskCases["bert"]!(folder);
    const refused: readonly (readonly [string[], number, string])[] = [
      [[...vit, ...photos, "--set", "model.depth=2"], 2, "model.depth with --from"],
      [[...vit, ...photos, "--depth", "2"], 2, "--depth with --from"],
      [[...vit, "--set", "seed=1", "--text", "x"], 2, "--set without --task"],
      [[...whisper, ...spoken, "--set", "data.mels=5"], 3, "set data.mels=6"],
      [[...whisper, ...spoken, "--set", "data.seconds=0.2"], 3, "set data.seconds to 0.16 at most"],
      [
        [
          ...vit,
          ...photos,
          "--task",
          "masked-image",
          "--set",
          "objective.patchSize=8",
          "--set",
          "objective.codes=2",
        ],
        3,
        "the task's patches are 8 pixels wide, and its own 4: set objective.patchSize=4",
      ],
      [["train", ...tinyTuning, ...spoken], 3, "Cannot start a model for transcription"],
      [[...bert, ...photos], 3, "it reads tokens, and the task gives pixels"],
      [[...bert, ...masked, "--set", "data.vocabulary=50"], 3, "data.vocabulary = 50"],
      [[...bert, ...masked, "--context", "600"], 3, "a row needs 601"],
    ];
    for (const [args, expected, message] of refused) {
      const result = await runHere(...args, "--out", `${folder}/other`);
      assertEquals(result.code, expected, result.err);
      assertStringIncludes(result.err, message);
    }
    await Deno.remove(`${folder}/bert/tokenizer_config.json`);
    const { err } = await runHere(...bert, ...masked, "--out", `${folder}/other`);
    assertStringIncludes(err, "names no mask_token");
  }));

Deno.test("normkit train --from a masked language model classifies texts with a fresh head, as transformers has it", () =>
  inFolder(async (folder) => {
    const source = await writeTaskSource(folder, "bert");
    for (const [name, text] of [["no", "a a"], ["yes", "b b"]] as const) {
      await Deno.mkdir(`${folder}/texts/${name}`, { recursive: true });
      for (const at of [1, 2, 3]) {
        await Deno.writeTextFile(`${folder}/texts/${name}/${at}.txt`, text);
      }
    }
    const task = ["--task", "text-classification", "--set", `data.folder=${folder}/texts`];
    const set = ["--set", "data.heldOutShare=0.3", "--set", "data.length=8"];
    const { code, out, err } = await runHere(
      ...["train", "--from", source, ...task, ...set, ...tinyTuning, "--json"],
      ...["--out", `${folder}/out`],
    );
    assertEquals(code, 0, err);
    assertStringIncludes(JSON.parse(out).notes[0], "The head is fresh, for no, yes");
    using model = await openModel(`${folder}/out`);
    assertEquals(model.config["architectures"], ["BertForSequenceClassification"]);
    assertEquals(model.config["id2label"], { "0": "no", "1": "yes" });
    using tensors = await openCheckpoint(`${folder}/out`);
    assertEquals(tensors.info("classifier.weight").shape[0], 2);
    assertEquals(tensors.has("bert.pooler.dense.weight"), true);
  }));
