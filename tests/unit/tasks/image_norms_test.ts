// Images are normed as preprocessor_config.json says, and else left as they are.

import { assertEquals, assertRejects } from "@std/assert";
import { Random } from "../../../lib/core/random.ts";
import { withImageNorms } from "../../../lib/tasks/image_norms.ts";
import { onBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { tinyTasks } from "../../support/tiny_tasks.ts";
import { inFolder } from "../checkpoint/files.ts";

Deno.test("withImageNorms() subtracts the folder's mean of shares from 0 to 1, and divides by its deviation", () =>
  onBackend("cpu", () =>
    inFolder(async (folder) => {
      const { task } = tinyTasks["image-classification"]!();
      assertEquals(await withImageNorms(task, folder), task);
      const path = `${folder}/preprocessor_config.json`;
      await Deno.writeTextFile(path, JSON.stringify({ image_mean: [0.25], image_std: [0.2] }));
      const normed = await withImageNorms(task, folder);
      const batch = task.draw("train", 2, new Random(0));
      const [plain, own] = await numbersOf(() =>
        [task, normed].map((one) => one.inputs(batch).inputs.pixels!)
      );
      assertClose(own!, plain!.map((value) => ((value + 1) / 2 - 0.25) / 0.2), 1e-6, "pixels");
      const other = tinyTasks["keyword"]!().task;
      assertEquals(await withImageNorms(other, folder), other);
      for (const wrong of [{ image_mean: [0, 0] }, { image_std: [0] }, { image_std: "1" }]) {
        await Deno.writeTextFile(path, JSON.stringify(wrong));
        await assertRejects(() => withImageNorms(task, folder), RangeError, "1 numbers");
      }
    })));
