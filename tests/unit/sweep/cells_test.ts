// Cells: trained once, gone on with bit for bit, left alone where another process has them, halved, and put into tables.

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { useBackend } from "../../../lib/kernels/mod.ts";
import { armsOf } from "../../../lib/sweep/arms.ts";
import { Claims } from "../../../lib/sweep/claims.ts";
import { type Order, type Report, runOrders, type SweepWorker } from "../../../lib/sweep/queue.ts";
import { madeRuns, packFinished } from "../../../lib/sweep/made.ts";
import { resultsOf } from "../../../lib/sweep/results.ts";
import { runCell } from "../../../lib/sweep/run_cell.ts";
import { runSweep } from "../../../lib/sweep/run_sweep.ts";
import { makeSweep, type Sweep } from "../../../lib/sweep/sweep.ts";
import { tableOf, tableText } from "../../../lib/sweep/table.ts";
import { planOf } from "../../../lib/sweep/plan.ts";
import { readRun } from "../../../lib/train/mod.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { placeOf, recordsIn, tinySweep } from "./tiny_sweep.ts";

await useBackend("cpu");

const never = new AbortController().signal;

/** A worker in this process, and what it was ordered to do. */
function workerHere(sweep: Sweep, out: string, orders: Order[] = []): () => Promise<SweepWorker> {
  const place = placeOf(sweep, out);
  return () =>
    Promise.resolve({
      run: async (order: Order): Promise<Report> => {
        orders.push(order);
        const cell = sweep.cells.find(({ name }) => name === order.name)!;
        return { end: await runCell(cell, { ...place, until: order.until }) };
      },
      end: () => Promise.resolve(),
    });
}

const optionsOf = (out: string, start: () => Promise<SweepWorker>) => ({
  ...{ out, start, workers: 1, retries: 1, signal: never },
});

Deno.test("runCell() pauses behind an evaluation, goes on bit for bit, and trains no cell twice", () =>
  inFolder(async (folder) => {
    const sweep = await makeSweep(tinySweep);
    const [cell] = sweep.cells;
    const [whole, parts] = [`${folder}/whole`, `${folder}/parts`];
    assertEquals(await runCell(cell!, placeOf(sweep, whole)), "done");
    const place = placeOf(sweep, parts);
    for (const until of [2, 2, 4]) {
      assertEquals(await runCell(cell!, { ...place, until }), "paused");
      assertEquals(namesIn(parts), ["unfinished"]);
    }
    assertEquals(await runCell(cell!, place), "done");
    assertEquals(namesIn(parts), namesIn(whole));
    assertEquals(await recordsIn(parts), await recordsIn(whole));
    const { manifest } = await readRun(parts, cell!.name);
    assertEquals(await runCell(cell!, place), "done");
    assertEquals((await readRun(parts, cell!.name)).manifest, manifest, "not trained again");
  }));

Deno.test("a cell that another has is left alone, and taken when that has ended or stands still", () =>
  inFolder(async (folder) => {
    const [mine, other] = [new Claims(), new Claims(0)];
    const claim = await mine.take(folder);
    assertEquals(await other.take(folder), undefined);
    assert(await other.isTaken(folder));
    await claim![Symbol.asyncDispose]();
    assertEquals(namesIn(folder), []);
    const again = await other.take(folder);
    assert(again !== undefined);
    await again![Symbol.asyncDispose]();
    const beat = (text: string) => Deno.writeTextFile(`${folder}/claim-1`, text);
    await beat('{"host":"another machine","beat":"000000000001"}');
    const patient = new Claims(100);
    assertEquals(await patient.take(folder), undefined, "it may be at work");
    await beat('{"host":"another machine","beat":"000000000002"}');
    await new Promise((done) => setTimeout(done, 150));
    assertEquals(await patient.take(folder), undefined, "its heart has beaten meanwhile");
    await new Promise((done) => setTimeout(done, 150));
    const taken = await patient.take(folder);
    assert(taken !== undefined, "it stands still");
    assertEquals(namesIn(folder), ["claim-1", "claim-2"]);
    assertEquals(await other.take(folder), undefined);
    await taken![Symbol.asyncDispose]();
  }));

Deno.test("states of a cell whose process was killed once it had written it are removed", () =>
  inFolder(async (out) => {
    const sweep = await makeSweep(tinySweep);
    const options = optionsOf(out, workerHere(sweep, out));
    await runSweep(sweep, options);
    const states = `${out}/unfinished/${sweep.cells[3]!.name}`;
    await Deno.mkdir(states, { recursive: true });
    await Deno.writeTextFile(`${states}/claim-1`, "");
    await runSweep(sweep, options);
    assertEquals(namesIn(out).length, 16);
  }));

Deno.test("of many who take a cell at once, one has it", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/claim-1`, '{"host":"gone","beat":"000000000001"}');
    const takers = Array.from({ length: 20 }, () => new Claims(0));
    const claims = await Promise.all(takers.map((one) => one.take(folder)));
    const got = claims.filter((claim) => claim !== undefined);
    assertEquals(got.length, 1);
    await got[0]![Symbol.asyncDispose]();
  }));

Deno.test("runCell() leaves a cell to the process that has it", () =>
  inFolder(async (out) => {
    const sweep = await makeSweep(tinySweep);
    const [cell] = sweep.cells;
    await using _claim = await new Claims().take(`${out}/unfinished/${cell!.name}`);
    assertEquals(await runCell(cell!, placeOf(sweep, out)), "busy");
    const [first, second] = await resultsOf(sweep, out);
    assertEquals([first!.state, second!.state], ["running", "to do"]);
  }));

Deno.test("a cell that fails is tried again as often as it may be, and told; the others go on", () =>
  inFolder(async (out) => {
    const told: string[] = [];
    let [starts, tries] = [0, 0];
    const start = (): Promise<SweepWorker> => {
      starts++;
      return Promise.resolve({
        run: ({ name }) => {
          if (name === "good") return Promise.resolve({ end: "done" });
          if (name === "dies") return Promise.reject(new Error("out of memory"));
          return Promise.resolve(++tries === 2 ? { end: "done" } : { failure: "flaky" });
        },
        end: () => Promise.resolve(),
      });
    };
    const orders = ["dies", "good", "flaky"].map((name) => ({ name }));
    const done: string[] = [];
    const failed = await runOrders(orders, {
      ...optionsOf(out, start),
      onEnd: (name) => done.push(name),
      onFailure: (name, message) => told.push(`${name}: ${message}`),
    });
    assertEquals([...failed], [["dies", "out of memory"]]);
    assertEquals(done, ["good", "flaky"]);
    assertEquals(told, ["dies: out of memory", "flaky: flaky", "dies: out of memory"]);
    assertEquals(starts, 4, "after each failure a new process goes on");
  }));

Deno.test("a worker that cannot be started ends the sweep with what it said", () =>
  inFolder(async (out) => {
    const start = () => Promise.reject(new Error("Its process ended: no such file"));
    await assertRejects(
      () => runOrders([{ name: "a" }], optionsOf(out, start)),
      Error,
      "no such file",
    );
  }));

Deno.test("halving lets the best half of each variant's rates go on, and its cells end as all would", () =>
  inFolder(async (folder) => {
    const file = { ...tinySweep, halving: { steps: [2, 4] } };
    const rates = { ...tinySweep.grid, "schedule.peak": [0.001, 0.003, 0.01, 0.1] };
    const all = await makeSweep({ ...tinySweep, grid: rates });
    const halved = await makeSweep({ ...file, grid: rates });
    assertEquals(halved.cells.map(({ name }) => name), all.cells.map(({ name }) => name));
    const [whole, out] = [`${folder}/whole`, `${folder}/halved`];
    await runSweep(all, optionsOf(whole, workerHere(all, whole)));
    const orders: Order[] = [];
    const { failed, dropped } = await runSweep(
      halved,
      optionsOf(out, workerHere(halved, out, orders)),
    );
    assertEquals([failed.size, dropped], [0, 16 - 4]);
    const count = (until?: number) => orders.filter((order) => order.until === until).length;
    assertEquals([count(2), count(4), count()], [16, 8, 4]);
    const results = await resultsOf(halved, out);
    const states = results.map(({ state, step }) => `${state} ${step}`).sort();
    assertEquals(states.filter((one) => one === "waiting 2").length, 8);
    assertEquals(states.filter((one) => one === "waiting 4").length, 4);
    for (const { cell, state } of results) {
      if (state !== "done") continue;
      assertEquals((await readRun(out, cell.name)).rows, (await readRun(whole, cell.name)).rows);
    }
    for (const variant of ["post-ln", "pre-ln"]) {
      const at2 = await Promise.all(
        all.cells.filter(({ point }) => point["model.residual"] === variant).map(async (cell) => {
          const { rows } = await readRun(whole, cell.name);
          const row = rows.find(({ kind, step }) => kind === "evaluation" && step === 2)!;
          return { cell, measured: row["nats"] as number };
        }),
      );
      const kept = armsOf(at2, halved.file)[0]!.slice(0, 2).map(({ point }) => point);
      const went = results.filter(({ cell, step }) =>
        cell.point["model.residual"] === variant && step > 2
      );
      const points = new Set(went.map(({ cell: { point } }) => point["schedule.peak"]));
      assertEquals(points, new Set(kept.map((point) => point["schedule.peak"])));
    }
    const again: Order[] = [];
    await runSweep(halved, optionsOf(out, workerHere(halved, out, again)));
    assertEquals(again.filter(({ until }) => until === undefined), [], "what is done stays");
  }));

Deno.test("a table has the best nuisance parameters of each variant, and says what diverged", async () => {
  const sweep = await makeSweep(tinySweep);
  const measured = [2, 1, 5, NaN, 4, 3, 7, 8]; // post-ln, pre-ln at two rates each; then the second seed
  const results = sweep.cells.map((cell, at) => (
    { cell, state: "done", step: 8, measured: measured[at]! } as const
  ));
  const rows = tableOf(results, sweep.file);
  assertEquals(rows.map(({ point }) => point["model.residual"]), ["post-ln", "pre-ln"]);
  assertEquals(rows.map(({ best }) => best["schedule.peak"]), [0.01, 0.001]);
  assertEquals(rows.map(({ mean, seeds, diverged }) => [mean, seeds, diverged]), [
    [2, 2, 0],
    [6, 2, 1],
  ]);
  assertAlmostEquals(rows[0]!.deviation!, Math.SQRT2);
  assertEquals(
    tableText(rows, sweep.file),
    `residual  best peak  nats   ±      seeds  diverged
post-ln   0.01       2.000  1.414  2      0
pre-ln    0.001      6.000  1.414  2      1`,
  );
  const highest = tableOf(results, { ...sweep.file, best: "highest" });
  assertEquals(highest.map(({ best }) => best["schedule.peak"]), [0.001, 0.001]);
});

Deno.test("files of others in the folder of runs are left alone, whatever is in them", () =>
  inFolder(async (out) => {
    const sweep = await makeSweep(tinySweep);
    await Deno.writeTextFile(`${out}/other.json`, "{");
    await Deno.writeTextFile(`${out}/other.jsonl`, "no row\n");
    await runCell(sweep.cells[0]!, placeOf(sweep, out));
    const states = (await resultsOf(sweep, out)).map(({ state }) => state);
    assertEquals([states[0], states[1]], ["done", "to do"]);
  }));

Deno.test("what another process packs is found at any moment", () =>
  inFolder(async (out) => {
    const sweep = await makeSweep({ ...tinySweep, seeds: 1 });
    for (const cell of sweep.cells) await runCell(cell, placeOf(sweep, out));
    const store = placeOf(sweep, out);
    const looks = Array.from({ length: 20 }, async (_, at) => {
      for (let turn = 0; turn < at; turn++) await Promise.resolve();
      const states = (await resultsOf(sweep, out)).map(({ state }) => state);
      return [(await madeRuns(sweep.cells, store)).size, ...new Set(states)];
    });
    assertEquals(await packFinished(sweep.cells, store), true);
    for (const found of await Promise.all(looks)) assertEquals(found, [4, "done"]);
  }));

Deno.test("planOf() times a few steps of each shape, and counts every token", async () => {
  const sweep = await makeSweep({ ...tinySweep, grid: { ...tinySweep.grid, rows: [2, 4] } });
  const { cells, tokens, coreHours, shapes } = await planOf(sweep.cells, sweep.trainer);
  assertEquals([cells, tokens], [16, 8 * (8 * 2 * 8) + 8 * (8 * 4 * 8)]);
  assertEquals(shapes, { all: 4, timed: 4 });
  assert(coreHours > 0 && coreHours < 1);
});
