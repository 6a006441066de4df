// `normkit train --resume`: trainings that are killed, ended by signals, or have no room go on as if nothing had happened.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readRun } from "../../../lib/train/mod.ts";
import { runHere, startTraining } from "../../support/cli.ts";
import { mounts, onDisk, withMounts } from "../../support/small_disk.ts";
import { endOften } from "../../property/kills.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { TrainingPlan } from "../../../lib/cli/training_plan.ts";
import { tiny, tinyTraining, withText, writeGpt2 } from "./tiny_runs.ts";

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test({
    name:
      `trainings that are ended by ${signal} at random moments leave what undisturbed ones leave`,
    ignore: Deno.build.os === "windows" && signal === "SIGTERM",
    fn: () => inFolder((folder) => endOften(signal, 4, folder, ["wasm"])),
  });
}

/** Rows and manifest of a run, without times and the command. */
async function recordIn(folder: string, name = "pre-ln") {
  const { manifest: { started: _, wallSeconds: _wall, command: _command, ...manifest }, rows } =
    await readRun(folder, name);
  return { manifest, rows };
}

Deno.test("runs that are ended by Ctrl-C go on, those that were not begun are made, and nothing is left over", () =>
  withText(async (folder) => {
    const words = ["post-ln", "pre-ln", "--steps", "600", "--backend", "wasm"];
    const whole = tinyTraining(folder, ...words, "--out", `${folder}/whole`, "--json");
    assertEquals((await runHere(...whole)).code, 0);
    const { child, ended } = await startTraining({}, ...tinyTraining(folder, ...words));
    child.kill("SIGINT");
    const { code, err } = await ended();
    assertEquals(code, 0, err);
    const runs = `${folder}/runs`;
    const again = await runHere(...tinyTraining(folder, ...words));
    assertEquals([again.code, again.err.includes("is there already")], [3, true], again.err);
    const resumed = await runHere("train", "--resume", runs, "--json");
    assertEquals(resumed.code, 0, resumed.err);
    assertEquals(namesIn(runs), namesIn(`${folder}/whole`));
    for (const name of ["post-ln", "pre-ln"]) {
      assertEquals(await recordIn(runs, name), await recordIn(`${folder}/whole`, name));
    }
  }));

Deno.test("a fine-tuning that is ended by Ctrl-C goes on into the same folder", () =>
  withText(async (folder) => {
    const source = await writeGpt2(folder);
    const words = (out: string) => [
      ...["train", "--from", source, "--text", `${folder}/text.txt`, "--out", `${folder}/${out}`],
      ...["--context", "8", "--rows", "2", "--steps", "2000", "--backend", "wasm"],
      ...["--dropout", "0.1"],
    ];
    assertEquals((await runHere(...words("whole"), "--json")).code, 0);
    const { child, ended } = await startTraining({}, ...words("out"));
    child.kill("SIGINT");
    const { code, err } = await ended();
    assertEquals(code, 0, err);
    assertStringIncludes(err, `normkit train --resume ${folder}/out goes on with it`);
    const resumed = await runHere("train", "--resume", `${folder}/out`, "--json");
    assertEquals(resumed.code, 0, resumed.err);
    assertEquals(
      await recordIn(`${folder}/out`, "training"),
      await recordIn(`${folder}/whole`, "training"),
    );
    assertEquals(
      await Deno.readFile(`${folder}/out/model.safetensors`),
      await Deno.readFile(`${folder}/whole/model.safetensors`),
    );
    assertEquals(namesIn(folder), ["out", "source", "text.txt", "whole"]);
  }));

/** Lets the note that a run is written get lost, as if its process had been killed before. */
async function losingTheNote(body: () => Promise<unknown>): Promise<void> {
  const { written } = TrainingPlan.prototype;
  TrainingPlan.prototype.written = () => Promise.reject(new Error("killed"));
  try {
    await body();
  } finally {
    TrainingPlan.prototype.written = written;
  }
}

Deno.test("a training that is killed between its last file and the note of it goes on", () =>
  withText(async (folder) => {
    const whole = tinyTraining(folder, "--out", `${folder}/whole`, "--json");
    assertEquals((await runHere(...whole)).code, 0);
    const source = await writeGpt2(folder);
    const tuning = ["train", "--from", source, "--text", `${folder}/text.txt`];
    const trainings = [
      [`${folder}/runs`, tinyTraining(folder, "--save-every", "2")],
      [`${folder}/out`, [
        ...tuning,
        ...tiny.slice(tiny.indexOf("--context")),
        "--out",
        `${folder}/out`,
        "--save-every",
        "2",
      ]],
    ] as const;
    for (const [out, words] of trainings) {
      await losingTheNote(async () => {
        const { code, err } = await runHere(...words, "--json");
        assertEquals([code, err.includes("killed")], [1, true], err);
      });
      const resumed = await runHere("train", "--resume", out, "--json");
      assertEquals(resumed.code, 0, resumed.err);
    }
    assertEquals(await recordIn(`${folder}/runs`), await recordIn(`${folder}/whole`));
    assertEquals(namesIn(folder), ["out", "runs", "source", "text.txt", "whole"]);
  }));

Deno.test("a second process is refused while a training is under way, one that resumes it too", () =>
  withText(async (folder) => {
    const words = tinyTraining(folder, "--steps", "100000000");
    const { child, ended } = await startTraining({}, ...words);
    for (const second of [words, [...words, "--force"], ["train", "--resume", `${folder}/runs`]]) {
      const { code, err } = await runHere(...second, "--json");
      assertEquals(code, 3, err);
      assertStringIncludes(err, "another process is doing so");
    }
    child.kill("SIGKILL");
    await ended();
    const later = await runHere(...words, "--steps", "1", "--json");
    assertEquals(later.code, 3);
    assertStringIncludes(later.err, "has what is left of a training; --resume goes on with it");
    assertEquals((await runHere(...words, "--steps", "1", "--json", "--force")).code, 0);
    assertEquals(namesIn(`${folder}/runs`).includes("unfinished"), false);
  }));

Deno.test("--resume refuses folders without an unfinished training, damaged ones, and other options", () =>
  withText(async (folder) => {
    const resume = async (code: number, message: string, ...more: string[]): Promise<void> => {
      const found = await runHere("train", "--resume", folder, ...more);
      assertEquals(found.code, code, found.err);
      assertStringIncludes(found.err, message);
    };
    await resume(3, "no training there is unfinished");
    await Deno.mkdir(`${folder}/unfinished`);
    const file = `${folder}/unfinished/command.json`;
    for (
      const [text, message] of [
        ["{", "it is not JSON"],
        ["[]", "must be an object"],
        ["{}", "format"],
        ['{"format": 2, "normkit": "9.9.9"}', "normkit 9.9.9 wrote it"],
      ] as const
    ) {
      await Deno.writeTextFile(file, text);
      await resume(3, message);
    }
    const asked = { format: 1, normkit: "0.1.0", words: [1], folder, done: [], begun: [] };
    await Deno.writeTextFile(file, JSON.stringify(asked));
    await resume(3, "its words must be texts");
    await Deno.writeTextFile(file, JSON.stringify({ ...asked, words: ["--steps", "x"] }));
    await resume(2, "Cannot read --steps x");
    await resume(2, "Cannot use steps with --resume", "--steps", "3");
    await resume(2, "Cannot use pre-ln with --resume", "pre-ln");
  }));

Deno.test({
  name:
    `a disk that fills up loses nothing that is complete, and the training goes on${withMounts}`,
  ignore: !mounts,
  fn: () =>
    withText((folder) =>
      onDisk(folder, "size=2m", async (disk) => {
        const words = tinyTraining(
          folder,
          ...["post-ln", "pre-ln", "--width", "64", "--backend", "wasm", "--steps", "12"],
        );
        const whole = await runHere(...words, "--out", `${folder}/whole`, "--json");
        assertEquals(whole.code, 0, whole.err);
        const out = `${disk}/runs`;
        const { ended } = await startTraining({}, ...words, ...[
          "--steps",
          "1000",
          "--save-every",
          "3",
          "--out",
          out,
        ]);
        const { err } = await ended();
        assertStringIncludes(err, "no space is left on its disk; the training goes on");
        assertMatch(err, /it is in \S+ instead/);
        const elsewhere = /it is in (\S+) instead/.exec(err)![1]!;
        assertEquals((await readRun(elsewhere, "post-ln")).manifest.stopped, undefined);
        await Deno.remove(elsewhere, { recursive: true });
        for (const name of namesIn(out).filter((one) => one.endsWith(".json"))) {
          await readRun(out, name.replace(".json", ""));
        }
      })
    ),
});

Deno.test({
  name: `a read-only disk is refused in a sentence, before anything is trained${withMounts}`,
  ignore: !mounts,
  fn: () =>
    withText((folder) =>
      onDisk(folder, "ro,size=1m", async (disk) => {
        const words = tinyTraining(folder, "--out", `${disk}/runs`, "--json");
        const { code, err } = await runHere(...words);
        assertEquals(code, 3, err);
        assertMatch(err, /Cannot write into the folder .*: its disk is read-only/);
      })
    ),
});

Deno.test("what stands in the place of a training's files is told of in a sentence", () =>
  withText(async (folder) => {
    const { child, ended } = await startTraining({}, ...tinyTraining(folder, "--steps", "100000"));
    child.kill("SIGINT");
    assertEquals((await ended()).code, 0);
    const unfinished = `${folder}/runs/unfinished`;
    for (const name of ["lock", "pre-ln/lock", "pre-ln/run.json", "command.json"]) {
      const path = `${unfinished}/${name}`;
      await Deno.rename(path, `${folder}/kept`);
      await Deno.mkdir(path);
      const { code, err } = await runHere("train", "--resume", `${folder}/runs`, "--json");
      assert(code === 1 || code === 3, `${name}: ${err}`);
      assertMatch(err, /^normkit: Cannot [^\n]*: [^\n]*folder[^\n]*$/, name);
      await Deno.remove(path);
      await Deno.rename(`${folder}/kept`, path);
    }
  }));
