// A cell whose memory becomes full: it fails, its state is saved, and a new try ends as if nothing had been.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { runCell } from "../../../lib/sweep/run_cell.ts";
import { resultsOf } from "../../../lib/sweep/results.ts";
import { makeSweep } from "../../../lib/sweep/sweep.ts";
import { onBackend } from "../../support/backends.ts";
import { fillMemory } from "../../support/full_memory.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { placeOf, recordsIn, tinySweep, watched } from "./tiny_sweep.ts";

Deno.test("a cell whose memory is full fails with its state saved, and goes on from it [wasm]", () =>
  onBackend("wasm", () =>
    inFolder(async (folder) => {
      const model = { context: 8, width: 64, depth: 2, heads: 2, bias: false };
      const settings = { ...tinySweep.settings, model, reportEvery: 1 };
      const sweep = await makeSweep({ ...tinySweep, settings, backend: "wasm" });
      const [cell] = sweep.cells;
      const [whole, out] = [`${folder}/whole`, `${folder}/out`];
      const undisturbed = { ...placeOf(sweep, whole), backend: "wasm" };
      assertEquals(await runCell(cell!, undisturbed), "done");
      let filled: Disposable | undefined;
      const trainer = watched(sweep.trainer, ({ kind, step }) => {
        if (kind === "step" && step === 5) filled ??= fillMemory();
      });
      const place = { ...placeOf(sweep, out), backend: "wasm", trainer, every: 100 };
      const error = await assertRejects(() => runCell(cell!, place), Error);
      filled![Symbol.dispose]();
      assertMatch(
        error.message,
        /^The memory was full in step 5, kept the last .* Cannot allocate/,
      );
      assertEquals(namesIn(`${out}/unfinished/${cell!.name}`).includes("step-4.json"), true);
      const [result] = await resultsOf(sweep, out);
      assertEquals([result!.state, result!.step], ["waiting", 4]);
      assertEquals(await runCell(cell!, place), "done");
      assertEquals(await recordsIn(out), await recordsIn(whole));
    })));
