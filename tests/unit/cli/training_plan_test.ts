// The folder of a training that is under way: one process has it, whatever others begin and end beside it.

import { assertEquals, assertMatch } from "@std/assert";
import { TrainingPlan } from "../../../lib/cli/training_plan.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";

Deno.test("of trainings that begin and end in one folder at the same time, each has it alone", () =>
  inFolder(async (out) => {
    const folder = `${out}/unfinished`;
    let had = 0;
    const trainings = async (own: string): Promise<void> => {
      for (let n = 0; n < 60; n++) {
        const how = { resumed: false, force: false, every: undefined };
        const opened = await TrainingPlan.open(folder, [own], how).catch((error: Error) => error);
        if (opened instanceof Error) {
          assertMatch(`${opened}`, /^StateError: .*: another process is doing so$/);
          continue;
        }
        await using _plan = opened;
        had++;
        for (let turn = 0; turn < 4; turn++) {
          await new Promise((resolve) => setTimeout(resolve));
          const { words } = JSON.parse(await Deno.readTextFile(`${folder}/command.json`));
          assertEquals(words, [own]);
        }
      }
    };
    await Promise.all(["a", "b", "c"].map(trainings));
    assertEquals([had > 0, namesIn(out)], [true, []]);
  }));
