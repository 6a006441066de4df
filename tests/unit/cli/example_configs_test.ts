// The configurations in data/configs: one of each task, every key known, and a model that trains by it.

import { assert, assertEquals } from "@std/assert";
import { taskIds } from "../../../lib/tasks/registry.ts";
import { type AnyRunRecord, readRun } from "../../../lib/train/mod.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { encodeWave } from "../../../lib/workshop/spoken_digits.ts";
import { runHere } from "../../support/cli.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";

const configs = `${checkout}/data/configs`;

Deno.test("every task has an example configuration, and no other is there", () => {
  assertEquals(namesIn(configs), taskIds.map((id) => `${id}.json`).sort());
});

/** Two words of ten speakers, as a folder in the layout of Speech Commands. */
async function writeSounds(folder: string): Promise<void> {
  for (const [at, word] of ["no", "yes"].entries()) {
    await Deno.mkdir(`${folder}/${word}`, { recursive: true });
    for (const speaker of "abcdefghij") {
      const sound = Float32Array.from({ length: 16000 }, (_, t) => Math.sin(t * (at + 1) / 9));
      await Deno.writeFile(`${folder}/${word}/${speaker}_nohash_0.wav`, encodeWave(sound));
    }
  }
}

const small =
  "--steps 2 --warmup 1 --rows 2 --width 8 --heads 2 --depth 1 --backend cpu --set evaluationBatches=1";

for (const id of taskIds) {
  Deno.test(`data/configs/${id}.json trains a model, here a small one for two steps`, () =>
    inFolder(async (folder) => {
      const path = `${configs}/${id}.json`;
      const config = JSON.parse(await Deno.readTextFile(path));
      const sounds = config.data?.folder === undefined ? [] : [`data.folder=${folder}/sounds`];
      if (sounds.length > 0) await writeSounds(`${folder}/sounds`);
      const set = sounds.flatMap((word) => ["--set", word]);
      const { code, err } = await runHere(
        ...["train", "--config", path, ...small.split(" "), ...set, "--out", `${folder}/runs`],
      );
      assertEquals(code, 0, err);
      const { manifest, rows } = await readRun(
        `${folder}/runs`,
        config.model.residual,
      ) as AnyRunRecord;
      const { task, objective } = manifest.settings as { task?: string; objective?: object };
      assertEquals([task, objective], [id, config.objective]);
      assertEquals(manifest.settings.steps, 2);
      const kinds = rows.map(({ kind }) => kind);
      assertEquals(kinds.filter((kind) => kind === "baseline").length, 1);
      assert(Number.isFinite(rows.findLast(({ kind }) => kind === "evaluation")?.["nats"]));
    }));
}
