// Runs of `normkit train --task` by the other commands: what reads texts keeps its tokens, so that it writes texts, is trained further and
// converted; what writes none says what it reads.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { taskIds } from "../../../lib/tasks/registry.ts";
import { reportOf, runHere } from "../../support/cli.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { writeTaskData } from "./tiny_tunings.ts";

const tiny = "--steps 2 --warmup 1 --rows 2 --width 8 --heads 2 --depth 1 --backend cpu";

/** The data of each task that are small. */
const dataOf = (folder: string): Readonly<Record<string, readonly string[]>> => {
  const words = [`data.folder=${folder}/words`, "data.heldOutShare=0.3"];
  return {
    "causal-lm": [`data.text=${folder}/text.txt`, "data.length=8"],
    "masked-lm": [`data.text=${folder}/text.txt`, "data.length=8"],
    translation: [`data.source=${folder}/train.de`, `data.target=${folder}/train.en`],
    "image-classification": [`data.folder=${folder}/photos`, "model.patchSize=8"],
    "masked-image": [`data.folder=${folder}/photos`, "objective.codes=2"],
    "image-text": ["data.count=20"],
    "speech-ctc": words,
    keyword: words,
  };
};

/** Trains a tiny model for a task into `folder/runs`. */
async function trainTiny(folder: string, id: string, ...words: readonly string[]): Promise<string> {
  const sets = [...dataOf(folder)[id] ?? [], "evaluationBatches=1"];
  const options = [...tiny.split(" "), ...sets.flatMap((set) => ["--set", set]), ...words];
  await reportOf("train", "--task", id, ...options, "--force", "--out", `${folder}/runs`);
  return `${folder}/runs/pre-ln`;
}

for (const id of taskIds) {
  Deno.test(`a run of ${id} is trained further for it, on the same data`, () =>
    inFolder(async (folder) => {
      await writeTaskData(folder);
      const run = await trainTiny(folder, id);
      const sets = (dataOf(folder)[id] ?? []).filter((set) => !set.startsWith("model."));
      const { notes } = await reportOf(
        ...["train", "--from", run, "--task", id, "--steps", "2", "--rows", "2"],
        ...["--backend", "cpu", "--out", `${folder}/out`],
        ...[...sets, "evaluationBatches=1"].flatMap((set) => ["--set", set]),
      );
      const note = { "image-classification": "The head for bright, dark is trained further" }[id];
      if (note !== undefined) assertEquals(notes, [note]);
      const hasPairs = ["translation", "text-classification"].includes(id);
      assertEquals(namesIn(`${folder}/out`).includes("tokenizer.json"), hasPairs);
    }));
}

Deno.test("normkit generate translates with a run, with the folder that it becomes, and with what is converted from it", () =>
  inFolder(async (folder) => {
    const lines = ["guten Tag", "gute Nacht", "ja", "nein"];
    const texts = ["good day", "good night", "yes", "no"];
    await Deno.writeTextFile(`${folder}/train.de`, `${lines.join("\n")}\n`.repeat(3));
    await Deno.writeTextFile(`${folder}/train.en`, `${texts.join("\n")}\n`.repeat(3));
    const learn = "--steps 60 --rate 0.02 --schedule constant --rows 8 --width 16";
    const heldOut = ["Source=train.de", "Target=train.en"]
      .flatMap((set) => ["--set", `data.heldOut${set.replace("=", `=${folder}/`)}`]);
    const words = ["deep-norm", ...learn.split(" "), ...heldOut];
    await trainTiny(folder, "translation", ...words);
    const run = `${folder}/runs/deep-norm`;
    await reportOf("fold", run, `${folder}/folded`);
    await reportOf(
      ...["train", "--from", run, "--task", "translation", "--steps", "0", "--backend", "cpu"],
      ...["--out", `${folder}/further`, ...heldOut],
      ...(dataOf(folder)["translation"]!).flatMap((set) => ["--set", set]),
    );
    for (const model of [run, `${folder}/folded`, `${folder}/further`]) {
      const options = ["--backend", "cpu", "--beams", "2"];
      const made: unknown[] = [];
      for (const line of lines) {
        made.push((await reportOf("generate", model, "--prompt", line, ...options))["text"]);
      }
      assertEquals(made, texts, model);
    }
  }));

Deno.test("normkit generate continues with a run of causal-lm, in characters and in byte pairs", () =>
  inFolder(async (folder) => {
    await writeTaskData(folder);
    const options = ["--prompt", "w3 w", "--tokens", "5", "--temperature", "0", "--backend", "cpu"];
    const pairs = ["--set", "data.vocabulary=270"];
    const run = await trainTiny(folder, "causal-lm", ...pairs);
    assertEquals(namesIn(`${folder}/runs`), [
      ...["pre-ln.json", "pre-ln.jsonl", "pre-ln.safetensors", "pre-ln.tokenizer.json"],
    ]);
    const { tokens } = await reportOf("generate", run, ...options);
    assertEquals((tokens as number[]).length, 5);
    await trainTiny(folder, "causal-lm");
    assertEquals(namesIn(`${folder}/runs`), ["pre-ln.json", "pre-ln.jsonl", "pre-ln.safetensors"]);
    const { text } = await reportOf("generate", run, ...options);
    assertEquals((text as string).length, 5, "characters");
  }));

Deno.test("normkit generate says of models that write no text what they read, and what runs them", () =>
  inFolder(async (folder) => {
    await writeTaskData(folder);
    const why = {
      "masked-lm": "its attention is not causal; normkit logits RUN --tokens 1,2,3 --out FILE",
      "image-classification": "it reads pixels; normkit logits RUN --inputs FILE --out FILE",
      "image-text": "it reads pixels;",
      keyword: "it reads features;",
    };
    for (const [id, message] of Object.entries(why)) {
      const run = await trainTiny(folder, id);
      const { code, err } = await runHere("generate", run);
      assertEquals(code, 3);
      const whole = `Cannot write text with ${run}: ${message.replace("RUN", run)}`;
      assertStringIncludes(err, whole);
    }
  }));
