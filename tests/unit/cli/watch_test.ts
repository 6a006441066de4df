// `normkit watch` and `followRun()`: runs that are under way in another process, went back, or are done.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { followRun, readRun, type RunView } from "../../../lib/train/mod.ts";
import { pace } from "../../../lib/cli/training_bar.ts";
import { watchCommand } from "../../../lib/cli/watch.ts";
import { WatchedRun } from "../../../lib/train/follow_run.ts";
import { childOf, reportOf, runHere, startTraining } from "../../support/cli.ts";
import { growingRun, lengthText } from "./growing_run.ts";
import { tinyTraining, withText, writeGpt2 } from "./tiny_runs.ts";

Deno.test("normkit watch follows a run of another process until it is done", () =>
  withText(async (folder) => {
    const run = `${folder}/runs/pre-ln`;
    const early = await runHere("watch", run);
    assertEquals(early.code, 3);
    assertStringIncludes(early.err, "there is no such run, nor one under way; a run is named by");
    const words = tinyTraining(folder, "--steps", "400", "--backend", "wasm", "--json");
    const ended = childOf({}, ...words).output();
    const isUnderWay = () =>
      Deno.stat(`${folder}/runs/unfinished/pre-ln/run.json`).then(() => true, () => false);
    while (!await isUnderWay()) await new Promise((resolve) => setTimeout(resolve, 20));
    const once = await runHere("watch", run, "--once", "--json");
    assertEquals([once.code, JSON.parse(once.out).steps], [0, 400], once.err);
    const { code, out, err } = await runHere("watch", run, "--json");
    assertEquals(code, 0, err);
    const { done, step } = JSON.parse(out);
    assertEquals([done, step], [true, 400]);
    assertEquals((await ended).code, 0);
    const later = await runHere("watch", run, "--once");
    assertStringIncludes(later.out, `${run}: step 400, loss `);
    assertStringIncludes(later.out, ", done");
    for (const wrong of [[], ["a", "b"]]) assertEquals((await runHere("watch", ...wrong)).code, 2);
  }));

Deno.test("followRun() leaves half a line for later, and begins anew where a run went back", () =>
  withText(async (folder) => {
    const states = `${folder}/runs/unfinished/own`;
    await Deno.mkdir(states, { recursive: true });
    await Deno.writeTextFile(`${states}/run.json`, lengthText);
    const row = (step: number, loss: number): string =>
      `${JSON.stringify({ kind: "step", step, loss })}\n`;
    const write = (text: string): Promise<void> => Deno.writeTextFile(`${states}/rows.jsonl`, text);
    const stop = new AbortController();
    const views = followRun(`${folder}/runs`, "own", { pause: 1, signal: stop.signal });
    const losses = async (): Promise<unknown[]> => {
      const { value } = await views.next();
      assert(value !== undefined);
      return (value as RunView).rows.map((one) => one["loss"]);
    };
    await write(row(1, 3) + row(2, 2) + row(3, 1).slice(0, 9));
    assertEquals(await losses(), [3, 2]);
    await write(row(1, 3) + row(2, 2) + row(3, 1));
    assertEquals(await losses(), [3, 2, 1]);
    await write(row(1, 3));
    assertEquals(await losses(), [3]);
    stop.abort();
    assertEquals((await views.next()).done, true);
  }));

Deno.test("followRun() gives the rows of a run that is done", () =>
  withText(async (folder) => {
    assertEquals((await runHere(...tinyTraining(folder, "--json"))).code, 0);
    const [view, ...others] = await Array.fromAsync(followRun(`${folder}/runs`, "pre-ln"));
    assertEquals([view!.isDone, others.length], [true, 0]);
    assertEquals(view!.rows, (await readRun(`${folder}/runs`, "pre-ln")).rows);
  }));

Deno.test("followRun() takes a run for done whose files of what is under way are being removed", () =>
  withText(async (folder) => {
    assertEquals((await runHere(...tinyTraining(folder, "--json"))).code, 0);
    for (const first of ["run.json", "rows.jsonl"]) {
      const states = `${folder}/runs/unfinished/pre-ln`;
      await Deno.mkdir(states, { recursive: true });
      await Deno.writeTextFile(`${states}/run.json`, lengthText);
      await Deno.writeTextFile(`${states}/rows.jsonl`, '{"kind": "step", "step": 1}\n');
      const views = followRun(`${folder}/runs`, "pre-ln", { pause: 1 });
      assertEquals((await views.next()).value?.isDone, false);
      await Deno.remove(`${states}/${first}`);
      assertEquals((await views.next()).value?.isDone, true, first);
    }
  }));

Deno.test("normkit watch that is ended before its first look says what it knows", () =>
  withText(async (folder) => {
    assertEquals((await runHere(...tinyTraining(folder, "--json"))).code, 0);
    const args = { values: {}, words: [`${folder}/runs/pre-ln`], given: [] };
    const outcome = await watchCommand.run(args, AbortSignal.abort());
    assertStringIncludes(outcome!.text!, "runs/pre-ln: step 0");
  }));

Deno.test("normkit watch finds the run of a model that is trained further, and the only one in a folder", () =>
  withText(async (folder) => {
    const source = await writeGpt2(folder);
    const out = `${folder}/out`;
    const words = ["--from", source, "--text", `${folder}/text.txt`, "--out", out];
    const sizes = ["--context", "8", "--rows", "3", "--backend", "cpu", "--steps", "1000000"];
    const { child, ended } = await startTraining({}, "train", ...words, ...sizes);
    for (const path of [out, folder, `${out}/`]) {
      const report = await reportOf("watch", path, "--once");
      assertEquals(report["perStep"], { count: 24, unit: "tokens" }, path);
      assertEquals([report["steps"], report["done"]], [1000000, false]);
    }
    child.kill("SIGINT");
    await ended();
    await Deno.remove(`${folder}/out.unfinished`, { recursive: true });
    assertEquals((await reportOf("watch", out))["done"], true);
    assertEquals(
      (await reportOf(...tinyTraining(folder, "pre-ln", "post-ln")))["out"],
      `${folder}/runs`,
    );
    const { code, err } = await runHere("watch", folder);
    assertEquals(code, 3);
    assertStringIncludes(err, "it has 3 runs, out, runs/post-ln, runs/pre-ln; name one");
    assertEquals((await reportOf("watch", `${folder}/runs/pre-ln.json`))["done"], true);
  }));

Deno.test("a run that went back and has grown further since is read anew", () =>
  withText(async (folder) => {
    const { row, write, losses } = await growingRun(folder);
    await write(row(1, 3) + row(2, 2));
    assertEquals(await losses(), [3, 2]);
    await write(row(1, 3) + row(2, 4) + row(3, 5)); // longer than what was read
    assertEquals(await losses(), [3, 4, 5]);
  }));

Deno.test("a line whose content is not there yet, as on a shared disk, is read at the next look, and refused where it stays so", () =>
  withText(async (folder) => {
    const { row, write, losses } = await growingRun(folder);
    const late = "\0".repeat(row(2, 2).length - 1) + "\n";
    await write(row(1, 3) + late);
    assertEquals(await losses(), [3]);
    await write(row(1, 3) + row(2, 2));
    assertEquals(await losses(), [3, 2]);
    await write(row(1, 3) + row(2, 2) + late);
    assertEquals(await losses(), [3, 2]);
    await assertRejects(losses, SyntaxError, "rows.jsonl");
  }));

Deno.test("a run whose folder is renamed or removed meanwhile is told of in a sentence", () =>
  withText(async (folder) => {
    const { row, write, losses, run } = await growingRun(folder);
    await write(row(1, 3));
    assertEquals(await losses(), [3]);
    await Deno.rename(`${folder}/runs`, `${folder}/elsewhere`);
    await assertRejects(() => run.look(), RangeError, "it was removed or renamed");
    const { code, err } = await runHere("watch", `${folder}/runs/own`);
    assertEquals(code, 3);
    assertStringIncludes(err, "there is no such run, nor one under way");
    assertEquals(await new WatchedRun(`${folder}/elsewhere`, "own").look(), {
      rows: [{ kind: "step", step: 1, loss: 3 }],
      length: { steps: 5, perStep: { count: 2, unit: "tokens" } },
      isDone: false,
    });
  }));

Deno.test("a bar's pace counts from the first step that it sees, in what the task counts", () => {
  let time = 0;
  const words = (unit: string, count: number) =>
    pace({ steps: 10_000, perStep: { count, unit } }, () => time);
  const at = words("tokens", 512);
  assertEquals(at(4000), ""); // those before it were made in another process, or unseen
  time = 2000;
  assertEquals(at(4010), "2,560 tokens/s 20 min left");
  time = 3000;
  assertEquals(at(3000), ""); // it went back
  time = 4000;
  assertEquals(at(3002), "1,024 tokens/s 58 min left");
  const slow = words("images", 1.5);
  slow(1);
  time = 8000;
  assertEquals(slow(2), "0.38 images/s 11 h 7 min left");
});
