// Runs with their parameters: complete or not there, and never a manifest with the parameters of another run.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { openModel } from "../../../lib/families/open.ts";
import { readRun, readRuns, saveRun, train } from "../../../lib/train/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { manyRows, tiny } from "./tiny_run.ts";

/** Saves a short run of a seed. */
async function saveSeed(folder: string, seed: number): Promise<void> {
  const { parameters, record } = await train({ ...tiny, seed, steps: 1 }, manyRows);
  try {
    await saveRun(folder, record, parameters, "run");
  } finally {
    disposeTree(parameters);
  }
}

Deno.test("saveRun() names the parameters by their hash, in the manifest", () =>
  onBackend("cpu", () =>
    inFolder(async (folder) => {
      await saveSeed(folder, 0);
      assertEquals(namesIn(folder), ["run.json", "run.jsonl", "run.safetensors"]);
      const { manifest } = await readRun(folder, "run");
      assertMatch(manifest.weights!.sha256, /^[0-9a-f]{64}$/);
      assertEquals(manifest.settings.seed, 0);
      (await openModel(`${folder}/run`)).close();
    })));

Deno.test("a run with another run's parameters is refused by every reader", () =>
  onBackend("cpu", () =>
    inFolder(async (folder) => {
      await saveSeed(folder, 0);
      const manifest = await Deno.readTextFile(`${folder}/run.json`);
      await saveSeed(folder, 1);
      await Deno.writeTextFile(`${folder}/run.json`, manifest);
      const why =
        `Cannot use ${folder}/run.safetensors: it is not the file that its manifest names`;
      await assertRejects(() => readRun(folder, "run"), RangeError, why);
      await assertRejects(() => openModel(`${folder}/run`), RangeError, why);
    })));

Deno.test("saveRun() that fails between its files leaves no run", () =>
  onBackend("cpu", () =>
    inFolder(async (folder) => {
      await saveSeed(folder, 0);
      await Deno.remove(`${folder}/run.jsonl`);
      await Deno.mkdir(`${folder}/run.jsonl/occupied`, { recursive: true }); // no file can take its place
      await assertRejects(() => saveSeed(folder, 1));
      assertEquals(namesIn(folder), ["run.jsonl", "run.safetensors"]);
      await assertRejects(() => openModel(`${folder}/run`), RangeError, "Cannot find a model");
      await Deno.remove(`${folder}/run.jsonl`, { recursive: true });
      await Deno.writeTextFile(`${folder}/run.jsonl`, "");
      await assertRejects(() => readRuns(folder), RangeError, "holds no .jsonl file");
    })));
