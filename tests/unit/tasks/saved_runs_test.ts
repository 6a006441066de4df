// The run of every task is a model like any other: what is opened is what was trained.

import { assertEquals } from "@std/assert";
import { Random } from "../../../lib/core/random.ts";
import { disposeTree } from "../../../lib/core/tree.ts";
import { loadParameters } from "../../../lib/families/language_model.ts";
import { openModel } from "../../../lib/families/open.ts";
import { trainTask } from "../../../lib/tasks/train_task.ts";
import { saveRun } from "../../../lib/train/save_run.ts";
import { runBatch } from "../../../lib/transformer/run.ts";
import { onBackend } from "../../support/backends.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { tinyTasks } from "../../support/tiny_tasks.ts";
import { inFolder } from "../checkpoint/files.ts";

for (const [id, make] of Object.entries(tinyTasks)) {
  for (const residual of ["pre-ln", "resi-dual+gpas"]) {
    Deno.test(`openModel() opens a run of ${id} with ${residual}`, () =>
      onBackend("cpu", () =>
        inFolder(async (folder) => {
          const { task, settings } = make();
          const own = { ...settings, steps: 2, model: { ...settings.model, residual } };
          const { model, parameters, record } = await trainTask(task, own);
          await saveRun(folder, record, parameters);
          using opened = await openModel(`${folder}/${residual}`);
          const loaded = await loadParameters(opened);
          const batch = task.draw("heldOut", 2, new Random(0));
          const [trained, read] = await numbersOf(() => {
            const { inputs, ...masks } = task.inputs(batch);
            return [
              runBatch(parameters, model, inputs, masks)["logits"]!,
              runBatch(loaded, opened, inputs, masks)["logits"]!,
            ];
          });
          disposeTree([parameters, loaded]);
          assertEquals(read, trained);
        })));
  }
}
