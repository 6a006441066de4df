// What programs and notebooks use of sweeps: cells trained in this process, and what they measured as rows of charts.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { useBackend } from "../../../lib/kernels/mod.ts";
import {
  type CellResult,
  chartRows,
  makeSweep,
  resultsOf,
  type SweepFile,
  sweptNumbers,
  trainSweep,
} from "../../../lib/sweep/mod.ts";
import { runCell } from "../../../lib/sweep/run_cell.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { placeOf, recordsIn, tinySweep, watched } from "./tiny_sweep.ts";

await useBackend("cpu");

Deno.test("trainSweep() that is ended goes on, and leaves what cells leave that are trained one by one", () =>
  inFolder(async (folder) => {
    const sweep = await makeSweep(tinySweep);
    const [whole, out] = [`${folder}/whole`, `${folder}/out`];
    const place = placeOf(sweep, whole);
    for (const cell of sweep.cells) await runCell(cell, place);
    const stop = new AbortController();
    let rows = 0;
    const trainer = watched(sweep.trainer, () => ++rows === 30 && stop.abort());
    await trainSweep({ ...sweep, trainer }, out, { signal: stop.signal });
    const states = (await resultsOf(sweep, out)).map(({ state }) => state);
    assertEquals([states.includes("done"), states.includes("waiting")], [true, true]);
    const ended: string[] = [];
    const before = states.filter((state) => state === "done").length;
    const { failed, dropped } = await trainSweep(sweep, out, { onEnd: (name) => ended.push(name) });
    assertEquals([failed.size, dropped, ended.length], [0, 0, 8 - before]);
    assertEquals(namesIn(out), namesIn(whole));
    const [one, other] = [await recordsIn(out), await recordsIn(whole)];
    const withoutCommand = (record: unknown): unknown => {
      const { rows, manifest } = record as { rows: unknown; manifest: { command?: string } };
      const { command: _, ...same } = manifest;
      return { rows, manifest: same };
    };
    assertEquals(one.map(withoutCommand), other.map(withoutCommand));
  }));

Deno.test("trainSweep() tells why a cell failed, and trains the others; without the sweep's backend it trains none", () =>
  inFolder(async (folder) => {
    const sweep = await makeSweep(tinySweep);
    const out = `${folder}/out`;
    const bad = sweep.cells[2]!.name;
    const trainer = watched(sweep.trainer, () => {});
    const train: typeof trainer.train = (cell, options) =>
      cell.name === bad ? Promise.reject(new Error("no room")) : trainer.train(cell, options);
    const told: string[] = [];
    const { failed } = await trainSweep({ ...sweep, trainer: { ...trainer, train } }, out, {
      onFailure: (name, message) => told.push(`${name}: ${message}`),
    });
    assertEquals([[...failed], told], [[[bad, "no room"]], [`${bad}: no room`]]);
    const results = await resultsOf(sweep, out);
    assertEquals(results.filter(({ state }) => state === "done").length, 7);
    assertEquals([results[2]!.state, results[2]!.message], ["failed", "no room"]);
    const other = await makeSweep({ ...tinySweep, backend: "wasm" }, "a.json");
    await assertRejects(
      () => trainSweep(other, `${folder}/other`),
      RangeError,
      'Cannot train the cells of a.json on cpu: they are of wasm; call useBackend("wasm") first',
    );
    assertEquals(namesIn(folder), ["out"]);
  }));

/** The cells of a sweep, done with values by their order; the last one is not. */
async function resultsFor(file: SweepFile): Promise<CellResult[]> {
  const { cells } = await makeSweep(file);
  return cells.map((cell, at) =>
    at === cells.length - 1
      ? { cell, state: "to do", step: 0 }
      : { cell, state: "done", step: 8, measured: at }
  );
}

Deno.test("chartRows() has a row for each cell that is done, with settings that its own grid does not sweep", async () => {
  const grid = [{ "schedule.peak": [0.01, 0.1] }, { "schedule.warmup": [2, 4], clip: [1] }];
  const settings = { ...tinySweep.settings, clip: 2 };
  const schedule = { kind: "constant", peak: 1, warmup: 1 };
  const results = await resultsFor({
    ...tinySweep,
    settings: { ...settings, schedule },
    ...{ grid, seeds: 1, nuisance: [] },
  });
  assertEquals(sweptNumbers(results), ["schedule.peak", "schedule.warmup", "clip"]);
  const axes = { x: "schedule.warmup", y: "schedule.peak" };
  const rows = chartRows(results, axes).map(({ x, y, value, seed }) => [x, y, value, seed]);
  assertEquals(rows, [[1, 0.01, 0, 0], [1, 0.1, 1, 0], [2, 1, 2, 0]]);
});

Deno.test("chartRows() names variants and what else is swept, and refuses what is no number", async () => {
  const results = await resultsFor({
    ...tinySweep,
    grid: { ...tinySweep.grid, "model.norm": ["rms"] },
    seeds: 1,
  });
  const rows = chartRows(results, { x: "schedule.peak" });
  assertEquals(rows.map(({ variant }) => variant), ["post-ln rms", "post-ln rms", "pre-ln rms"]);
  for (const place of ["seed", "model.norm", "steps"]) {
    assertThrows(
      () => chartRows(results, { x: place }),
      RangeError,
      `Cannot draw along ${place}: it must be one of schedule.peak`,
    );
  }
  const wrong = { x: "schedule.peak", z: "steps" };
  assertThrows(() => chartRows(results, wrong), RangeError, 'Cannot use the option "z"');
});
