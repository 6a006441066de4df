// A sweep whose GPU is lost while a cell trains: the state is saved, and a new process goes on from it. This one has no other device
// afterwards, so this file holds one test.

import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertMatch } from "@std/assert";
import { useBackend } from "../../../lib/kernels/mod.ts";
import type { SweepWorker } from "../../../lib/sweep/queue.ts";
import { resultsOf } from "../../../lib/sweep/results.ts";
import { runCell } from "../../../lib/sweep/run_cell.ts";
import { runSweep } from "../../../lib/sweep/run_sweep.ts";
import { readSweep } from "../../../lib/sweep/sweep.ts";
import { startWorker } from "../../../lib/cli/sweep_workers.ts";
import { readRun } from "../../../lib/train/mod.ts";
import { backends } from "../../support/backends.ts";
import { cliFile } from "../../support/cli.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { placeOf, tinySweep, watched } from "./tiny_sweep.ts";

if (backends.includes("webgpu")) {
  Deno.test("a cell whose GPU is lost fails with its state saved, and a new process goes on from it", () =>
    inFolder(async (folder) => {
      const [path, out] = [`${folder}/a.json`, `${folder}/a`];
      const file = { ...tinySweep, backend: "webgpu", grid: {}, nuisance: [], seeds: 1 };
      await Deno.writeTextFile(path, JSON.stringify(file));
      const sweep = await readSweep(path);
      await useBackend("webgpu");
      const { device } = tf.backend() as unknown as { device: GPUDevice };
      const trainer = watched(sweep.trainer, ({ kind, step }) => {
        if (kind === "step" && step === 6) device.destroy();
      });
      const place = { ...placeOf(sweep, out), backend: "webgpu", trainer, every: 2 };
      const here: SweepWorker = {
        run: async ({ name }) =>
          await runCell(sweep.cells.find((cell) => cell.name === name)!, place)
            .then((end) => ({ end }), ({ message }) => ({ failure: message })),
        end: () => Promise.resolve(),
      };
      const starts = [
        () => Promise.resolve(here),
        () => startWorker(cliFile, ["sweep", "cell", path, "--worker"]),
      ];
      const told: string[] = [];
      const saved: string[] = [];
      const { failed } = await runSweep(sweep, {
        ...{ out, workers: 1, retries: 1, signal: new AbortController().signal },
        start: () => starts.shift()!(),
        onFailure: (name, message) => {
          told.push(message);
          saved.push(...namesIn(`${out}/unfinished/${name}`));
        },
      });
      assertEquals([failed.size, told.length, starts.length], [0, 1, 0]);
      assertMatch(told[0]!, /^The GPU .*; the state of step 4 is saved$/);
      assertEquals(saved.includes("step-4.safetensors"), true);
      const [result] = await resultsOf(sweep, out);
      assertEquals([result!.state, result!.step], ["done", 8]);
      const { rows } = await readRun(out, result!.cell.name);
      const steps = rows.filter(({ kind }) => kind === "step").map(({ step }) => step);
      assertEquals(steps, [2, 4, 6, 8], "none twice, and none left out");
    }));
}
