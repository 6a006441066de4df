// `normkit train --task` and `--config`: which settings hold, what is refused, and what is written.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readRun } from "../../../lib/train/mod.ts";
import { runHere } from "../../support/cli.ts";
import { namesIn } from "../checkpoint/files.ts";
import { withText } from "./tiny_runs.ts";

const tiny = "--backend cpu --steps 2 --rows 2 --width 8 --heads 2 --depth 1 --context 4".split(
  " ",
);

async function writeConfig(folder: string, settings: object): Promise<string> {
  const path = `${folder}/my config.json`;
  await Deno.writeTextFile(path, JSON.stringify(settings));
  return path;
}

Deno.test("normkit train --task writes the run of each variant, with the task in its settings", () =>
  withText(async (folder) => {
    const words = ["post-ln", "pre-ln+gpas", "--task", "causal-lm", "--text", `${folder}/text.txt`];
    const out = `${folder}/runs`;
    const { code, out: text } = await runHere("train", ...words, ...tiny, "--out", out, "--json");
    assertEquals(code, 0);
    const report = JSON.parse(text);
    assert(report.runs[0].heldOut.nats > 0);
    assertEquals(namesIn(out).length, 6);
    const { manifest, rows } = await readRun(out, "pre-ln+gpas");
    const { task, model, steps } = manifest.settings as unknown as Record<string, unknown>;
    assertEquals([task, steps], ["causal-lm", 2]);
    assertEquals(model, { width: 8, heads: 2, depth: 1, residual: "pre-ln+gpas" });
    assertEquals(rows.filter(({ kind }) => kind === "step").length, 2);
    assertEquals(manifest.probes, { evaluations: ["all"] });
    const seen = new Set(rows.filter(({ step }) => step === 0).map(({ kind }) => kind));
    for (const kind of ["stream", "branch", "angle", "attention", "gradient", "gate"]) {
      assert(seen.has(kind), kind);
    }
  }));

Deno.test("options go before --set, that before the file of --config, and that before what is left open", () =>
  withText(async (folder) => {
    const config = await writeConfig(folder, {
      task: "causal-lm",
      data: { text: `${folder}/text.txt`, length: 6 },
      steps: 7,
      seed: 5,
      rows: 3,
      schedule: { peak: 0.5 },
      model: { residual: "deep-norm", width: 4, heads: 1, depth: 3 },
    });
    const out = `${folder}/runs`;
    const words = `--set steps=1 --set seed=6 --set model.depth=2 --set model.norm=rms --seed 9`;
    const { code, err } = await runHere(
      ...["train", "--config", config, ...words.split(" "), "--out", out, "--backend", "cpu"],
    );
    assertEquals(code, 0, err);
    const { settings } = (await readRun(out, "deep-norm")).manifest;
    const { steps, seed, rows, schedule, model } = settings;
    assertEquals([steps, seed, rows], [1, 9, 3]);
    assertEquals(schedule, { kind: "cosine", peak: 0.5, warmup: 1, steps: 1 });
    assertEquals(
      { ...model },
      {
        width: 4,
        heads: 1,
        depth: 2,
        residual: "deep-norm",
        norm: "rms",
      } as unknown as typeof model,
    );
  }));

Deno.test("a file's warm-up is no longer than the run that options ask for, and a given one is refused where it is longer", () =>
  withText(async (folder) => {
    const config = await writeConfig(folder, {
      task: "causal-lm",
      data: { text: `${folder}/text.txt`, length: 6 },
      steps: 70,
      schedule: { kind: "cosine", warmup: 50 },
      model: { width: 4, heads: 1, depth: 1 },
    });
    const train = (name: string, ...words: readonly string[]) =>
      runHere(
        ...[
          "train",
          "--config",
          config,
          "--out",
          `${folder}/${name}`,
          "--backend",
          "cpu",
          ...words,
        ],
      );
    for (const [name, ...words] of [["option", "--steps", "3"], ["set", "--set", "steps=3"]]) {
      const { code, err } = await train(name!, ...words);
      assertEquals(code, 0, err);
      assertStringIncludes(err, `The warm-up of 50 steps in ${config} is shortened: the run has 3`);
      const { settings } = (await readRun(`${folder}/${name}`, "pre-ln")).manifest;
      assertEquals([settings.schedule.warmup, settings.schedule.steps, settings.steps], [3, 3, 3]);
    }
    for (const words of [["--warmup", "9"], ["--set", "schedule.warmup=9"]]) {
      const { code, err } = await train("both", "--steps", "3", ...words);
      assertEquals(code, 3);
      assertStringIncludes(err, "a warm-up of 9 in a cosine schedule of steps = 3");
    }
    const { code, err } = await train("enough", "--steps", "60", "--set", "evaluationBatches=1");
    assertEquals([code, err.includes("shortened")], [0, false]);
  }));

Deno.test("wrong settings get one sentence with the key, the value and what is allowed; nothing is written", () =>
  withText(async (folder) => {
    const text = `${folder}/text.txt`;
    const task = "causal-lm";
    const wrong: readonly (readonly [object, string])[] = [
      [[], "settings must be an object"],
      [{}, 'without the option "task"'],
      [{ task: "chess" }, 'Cannot use task = "chess": it must be one of causal-lm'],
      [{ task, stepz: 1 }, 'did you mean "steps"?'],
      [{ task, steps: "many" }, "steps"],
      [{ task, model: 3 }, "Cannot use model = 3"],
      [{ task, data: { txt: text } }, 'did you mean "text"?'],
      [{ task, data: { text, length: 1e9 } }, "Cannot cut rows"],
      [{ task, data: { text: `${folder}/none.txt` } }, "none.txt"],
      [{ task, data: { text, length: 8 }, model: { dept: 2 } }, 'did you mean "depth"?'],
      [{ task, data: { text, length: 8 }, schedule: { kind: "square" } }, "square"],
      [{ task: "keyword" }, '"folder"'],
      [{ task: "image-classification", data: { heldOutFolder: "x" } }, "data.folder"],
    ];
    for (const [settings, message] of wrong) {
      const config = await writeConfig(folder, settings);
      const { code, err } = await runHere(
        ...["train", "--config", config, "--out", `${folder}/runs`, "--backend", "cpu"],
      );
      assert(code === 3 || code === 2, `${JSON.stringify(settings)} → ${code}: ${err}`);
      assertStringIncludes(err, message);
    }
    for (const words of [["--set", "steps=1"], ["--task", task, "--set", "steps"]]) {
      assertEquals((await runHere("train", ...words)).code, 2);
    }
    assertEquals(namesIn(folder).includes("runs"), false);
  }));

Deno.test("a file of settings is refused for another task: both are said, and the way out", () =>
  withText(async (folder) => {
    const config = await writeConfig(folder, { task: "keyword", data: { folder } });
    for (const words of [["--task", "translation"], ["--set", "task=translation"]]) {
      const { code, err } = await runHere("train", "--config", config, ...words);
      assertEquals(code, 2);
      assertStringIncludes(
        err,
        `Cannot use --config ${config} for the task translation: its settings are of keyword; leave --task out`,
      );
    }
    const data = { text: `${folder}/text.txt` };
    const same = await writeConfig(folder, { task: "causal-lm", data });
    const words = ["--task", "causal-lm", "--out", `${folder}/runs`];
    const { code, err } = await runHere("train", "--config", same, ...words, ...tiny);
    assertEquals(code, 0, err);
  }));

Deno.test("--encoding and --keep-line-ends hold for tasks as well, and are refused without a text", () =>
  withText(async (folder) => {
    const text = `${folder}/latin.txt`;
    await Deno.writeFile(text, Uint8Array.from("Bär\r\n".repeat(40), (c) => c.charCodeAt(0)));
    const words = ["--encoding", "latin1", "--keep-line-ends"];
    const out = ["--out", `${folder}/runs`, ...tiny];
    const task = ["--task", "masked-lm"];
    const { code, err } = await runHere("train", ...task, "--text", text, ...words, ...out);
    assertEquals(code, 0, err);
    const { manifest } = await readRun(`${folder}/runs`, "pre-ln");
    const { corpus, tokens } = manifest as unknown as {
      readonly corpus: { readonly trainExamples: number };
      readonly tokens: { readonly characters: string };
    };
    assertEquals([tokens.characters, corpus.trainExamples], ["\n\rBrä", 180]);
    for (const without of [task, []]) {
      const { code, err } = await runHere("train", ...without, ...words, ...tiny);
      assert(code === 2 || code === 3, `${code}: ${err}`);
      assertStringIncludes(err, "encoding without");
    }
  }));
