// All tasks alike: a model learns each, beats the baseline, leaves no tensor, and its record is the same whenever it is made.

import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { disposeTree, tensorsOf } from "../../../lib/core/mod.ts";
import { determinedTask, trainTask } from "../../../lib/tasks/train_task.ts";
import { taskIds } from "../../../lib/tasks/registry.ts";
import type { ModelSettings } from "../../../lib/tasks/settings.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { tinyTasks } from "../../support/tiny_tasks.ts";

Deno.test("every task has tiny data here", () => {
  assertEquals(Object.keys(tinyTasks).sort(), [...taskIds].sort());
});

Deno.test("every task says what an example takes: tokens and frames without what fills rows up, or images", () => {
  const amounts = Object.entries(tinyTasks).map(([id, make]) => {
    const { count, unit } = make().task.example;
    return [id, `${count.toFixed(2)} ${unit}`];
  });
  assertEquals(Object.fromEntries(amounts), {
    "causal-lm": "8.00 tokens",
    "image-classification": "1.00 images",
    "image-text": "1.00 images",
    "masked-image": "1.00 images",
    "masked-lm": "8.00 tokens",
    "speech-ctc": "4.93 frames", // of 4 to 6
    "text-classification": "3.93 tokens", // of 3 to 5
    keyword: "4.93 frames",
    translation: "11.57 tokens",
  });
});

/** The same model, with one layer in each stack. */
const shallow = (model: ModelSettings): ModelSettings => ({
  ...model,
  ...Object.fromEntries(
    Object.keys(model).filter((name) => /depth$/i.test(name)).map((name) => [name, 1]),
  ),
});

for (const [id, make] of Object.entries(tinyTasks)) {
  onEachBackend(`${id}: a model learns it and beats the baseline`, async () => {
    const { task, settings } = make();
    const { parameters, record } = await trainTask(task, { ...settings, reportEvery: 10 });
    const last = record.rows.findLast(({ kind }) => kind === "evaluation")!;
    for (const [name, value] of Object.entries(task.baseline.measured)) {
      const less = /^nats$|^bits|Rate$/.test(name);
      const better = less ? value - Number(last[name]) : Number(last[name]) - value;
      assert(better > 0, `${name}: ${last[name]} against ${value} of ${task.baseline.name}`);
    }
    disposeTree(parameters);
  });

  onEachBackend(`${id}: no step of 200 and no evaluation leaves a tensor`, async () => {
    const { task, settings } = make();
    const [steps, model] = [200, shallow(settings.model)];
    const before = tf.memory().numTensors;
    const counts: Record<string, Set<number>> = {};
    const own = { ...settings, model, steps, rows: 2, evaluateEvery: steps / 4 };
    const { parameters } = await trainTask(task, own, {
      onRow: ({ kind, step }) => {
        if (step > 1) (counts[kind] ??= new Set()).add(tf.memory().numTensors - before);
      },
    });
    const size = tensorsOf(parameters).length;
    assertEquals(tf.memory().numTensors - before, size, "left at the end: the parameters");
    assertEquals([...counts["step"]!], [5 * size], "current, good, gradient and moments at a step");
    assertEquals([...counts["evaluation"]!], [4 * size], "current, good and moments");
    disposeTree(parameters);
  });

  onEachBackend(`${id}: the same settings give the same record`, async (backend) => {
    if (backend === "webgpu") return; // sums there are in no fixed order
    const records = await Promise.all([0, 1].map(async () => {
      const { task, settings } = make();
      const { parameters, record } = await trainTask(task, { ...settings, steps: 3 });
      disposeTree(parameters);
      return { rows: record.rows, determines: record.manifest.determines };
    }));
    assertEquals(records[0], records[1]);
  });

  Deno.test(`${id}: what is looked at is in the manifest by its names, and in what determines the run`, () =>
    onBackend("cpu", async () => {
      const { task, settings } = make();
      const probe = () => Promise.resolve([{ kind: "look", of: "nothing" }]);
      const probes = { evaluations: ["nothing"] };
      const manifestOf = async (options: Parameters<typeof trainTask>[2]) => {
        const { parameters, record } = await trainTask(task, { ...settings, steps: 1 }, options);
        disposeTree(parameters);
        const looks = record.rows.filter(({ kind }) => kind === "look").map(({ step }) => step);
        assertEquals(looks, options?.probe === undefined ? [] : [0, 1]);
        return record.manifest;
      };
      const [plain, named, unnamed] = [
        await manifestOf({}),
        await manifestOf({ probe, probes }),
        await manifestOf({ probe }),
      ];
      assertEquals([plain.probes, named.probes, unnamed.probes], [undefined, probes, undefined]);
      const hashes = [plain, named, unnamed].map(({ determines }) => determines);
      const meant = [undefined, probes, String(probe).replaceAll(/\s+/g, " ")].map((probes) =>
        determinedTask(task, { ...settings, steps: 1 }, { backend: "cpu", probes }).determines
      );
      assertEquals(hashes, meant);
      assertEquals(new Set(hashes).size, 3);
    }));

  Deno.test(`${id}: settings of another task, an unknown key and a number out of range are refused before a row is reported`, async () => {
    const { task, settings } = make();
    const { model, schedule } = settings;
    const refused = [
      [{ task: "chess" }, `Cannot train ${id} by settings of chess`],
      [{ model: { ...model, dept: 2 } }, '"dept"'],
      [{ stepz: 2 }, 'did you mean "steps"?'],
      [{ schedule: { ...schedule, kind: "cosine", warmup: 3, steps: 2 } }, "a warm-up of 3"],
      [{ schedule: { ...schedule, floor: 1 } }, "floor = 1"],
      [{ optimizer: { kind: "adamw", eps: 0 } }, "eps of AdamW = 0"],
    ] as const;
    for (const [wrong, message] of refused) {
      const seen: string[] = [];
      await assertRejects(
        () =>
          trainTask(task, { ...settings, ...wrong } as typeof settings, {
            onRow: ({ kind }) => void seen.push(kind),
          }),
        RangeError,
        message,
      );
      assertEquals(seen, []);
    }
  });
}
