// Every variant, with and without GPAS, learns the one row of a text by heart.

import { assert, assertEquals } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { residuals } from "../../../lib/residual/mod.ts";
import { train, type TrainSettings } from "../../../lib/train/mod.ts";
import { backends, onBackend } from "../../support/backends.ts";
import { oneRow, tiny } from "./tiny_run.ts";

/** Requires that the loss falls to a quarter of where it starts, and to less than the best loss without context. */
async function assertLearns(settings: TrainSettings): Promise<void> {
  const { parameters, record } = await train(settings, oneRow);
  disposeTree(parameters);
  assertEquals(record.manifest.stopped, undefined);
  const losses = record.rows.filter(({ kind }) => kind === "step").map(({ loss }) =>
    loss as number
  );
  const [first, last] = [losses[0]!, losses.at(-1)!];
  assert(last < first / 4 && last < 0.5, `the loss went from ${first} to ${last}`);
}

const settings: TrainSettings = {
  ...tiny,
  model: { context: 8, width: 16, depth: 4, heads: 2 },
  schedule: { kind: "linear", peak: 0.02, warmup: 5, steps: 40 },
  steps: 30,
  clip: 1,
};

/** WASM learns every variant; the others, slower, learn this one, with a second stream and gates. */
const everywhere = "resi-dual+gpas";

for (const { id } of residuals) {
  for (const residual of [id, `${id}+gpas`]) {
    const chosen = backends.filter((name) => name === "wasm" || residual === everywhere);
    for (const backend of chosen) {
      Deno.test(`train() teaches ${residual} one row [${backend}]`, () =>
        onBackend(
          backend,
          () => assertLearns({ ...settings, model: { ...settings.model, residual } }),
        ));
    }
  }
}
