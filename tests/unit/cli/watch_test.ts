// `normkit watch` and `followRun()`: runs that are under way in another process, went back, or are done.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { followRun, readRun, type RunView } from "../../../lib/train/mod.ts";
import { watchCommand } from "../../../lib/cli/watch.ts";
import { childOf, runHere } from "../../support/cli.ts";
import { tinyTraining, withText } from "./tiny_runs.ts";

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
    await Deno.writeTextFile(`${states}/run.json`, '{"steps": 5, "tokens": 2}');
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
      await Deno.writeTextFile(`${states}/run.json`, '{"steps": 5, "tokens": 2}');
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
