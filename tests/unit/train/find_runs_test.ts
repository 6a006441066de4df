// Runs are found by what a user types: a run, one of its files, the folder of a model, or a folder with any of them.

import { assertEquals, assertRejects } from "@std/assert";
import { platform } from "../../../lib/platform/mod.ts";
import { findRuns } from "../../../lib/train/find_runs.ts";
import { packRuns } from "../../../lib/train/read_runs.ts";
import { type RunRecord, writeRun } from "../../../lib/train/mod.ts";
import { inFolder } from "../checkpoint/files.ts";
import { growingRun } from "../cli/growing_run.ts";

const record = { manifest: { variant: "own" }, rows: [] } as unknown as RunRecord;

/** Runs of each kind: done, packed, under way, of models that were or are trained further; and what is none. */
async function writeTree(top: string): Promise<void> {
  await writeRun(`${top}/runs`, record, "pre-ln");
  await growingRun(top); // runs/unfinished/own
  for (const name of ["a", "b"]) await writeRun(`${top}/packed/deep`, record, name);
  await packRuns(`${top}/packed/deep`, ["a", "b"]);
  await writeRun(`${top}/tuned`, record, "training");
  await Deno.mkdir(`${top}/next.unfinished`);
  await Deno.rename(`${top}/runs/unfinished/own`, `${top}/next.unfinished/training`);
  await growingRun(top);
  await Deno.writeTextFile(`${top}/runs/rows-without-manifest.jsonl`, "");
  await Deno.writeTextFile(`${top}/runs/config.json`, "{}");
}

const namesOf = async (path: string, isAmong?: boolean): Promise<string[]> =>
  (await findRuns(path, isAmong)).map(({ name }) => name);

Deno.test("findRuns() finds runs of each kind, by what names them", () =>
  inFolder(async (top) => {
    await writeTree(top);
    const all = ["next", "packed/deep/a", "packed/deep/b", "runs/own", "runs/pre-ln", "tuned"];
    const cases: Readonly<Record<string, readonly string[]>> = {
      "": all,
      "/": all,
      "/runs": ["own", "pre-ln"],
      "/runs/": ["own", "pre-ln"],
      "/runs/pre-ln": ["pre-ln"],
      "/runs/pre-ln.jsonl": ["pre-ln"],
      "/runs/own": ["own"],
      "/packed": ["deep/a", "deep/b"],
      "/packed/deep/b": ["b"],
      "/tuned": ["tuned"],
      "/tuned/training.json": ["training"],
      "/next": ["next"],
    };
    for (const [path, names] of Object.entries(cases)) {
      assertEquals(await namesOf(`${top}${path}`), names, path);
    }
    assertEquals(await namesOf(`${top}/runs`, true), ["runs/own", "runs/pre-ln"]);
    assertEquals(await namesOf(`${top}/runs/own`, true), ["own"]);
    for (const none of ["/none", "/runs/config.json", "/runs/rows-without-manifest", "/x/y"]) {
      await assertRejects(
        () => findRuns(`${top}${none}`),
        RangeError,
        "there is no such run",
        none,
      );
    }
  }));

Deno.test("findRuns() leaves out folders that may not be read", () =>
  inFolder(async (top) => {
    await writeTree(top);
    const { readDir } = platform;
    platform.readDir = (path) => {
      if (path.endsWith("packed")) throw new Deno.errors.PermissionDenied("no");
      return readDir(path);
    };
    try {
      assertEquals(await namesOf(top), ["next", "runs/own", "runs/pre-ln", "tuned"]);
    } finally {
      platform.readDir = readDir;
    }
  }));
