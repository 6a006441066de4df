// Results of a task's runs: the learning rate is the best of those with the most seeds, means and margins are of all seeds at that rate.

import { assertEquals } from "@std/assert";
import { taskResults, taskRows } from "../../../lib/notebook/mod.ts";
import type { AnyRunRecord, Row } from "../../../lib/train/mod.ts";

/** A run whose held-out loss ends at a number, having been lower before. */
function run(variant: string, peak: number, seed: number, nats: number, warmup = 50): AnyRunRecord {
  const rows: Row[] = [
    { kind: "baseline", step: 0, name: "the most frequent class", nats: 2, accuracy: 0.25 },
    { kind: "evaluation", step: 0, nats: 0.5, accuracy: 0.9, low: 0.8, high: 1 },
    { kind: "evaluation", step: 9, nats, accuracy: 1 - nats / 4, low: 0, high: 1 },
  ];
  const settings = { schedule: { kind: "constant", peak, warmup }, seed, steps: 9, rows: 1 };
  return { manifest: { variant, settings }, rows } as unknown as AnyRunRecord;
}

const runs = [
  run("pre-ln", 0.03, 0, 0.1), // better than any, but of one seed only
  run("pre-ln", 0.003, 1, 1.5),
  run("pre-ln", 0.003, 0, 1),
  run("pre-ln", 0.01, 0, 0.75), // better, but not in the mean
  run("pre-ln", 0.01, 1, 2),
  run("pre-ln", 0.001, 0, 1.75),
];

Deno.test("taskResults() takes the rate that ends best in the mean, of those with the most seeds", () => {
  assertEquals(taskResults(runs), [{
    variant: "pre-ln",
    warmup: 50,
    rate: 0.003,
    measured: { nats: [1, 1.5], accuracy: [0.75, 0.625] },
    baseline: { nats: 2, accuracy: 0.25 },
  }]);
});

Deno.test("taskResults() keeps warm-ups apart, and a run whose loss was not finite is never the best", () => {
  const stopped = run("pre-ln", 0.001, 1, 0.2);
  const manifest = { ...stopped.manifest, stopped: { reason: "non-finite", step: 3, message: "" } };
  const cold = run("pre-ln", 0.001, 0, 1.9, 1);
  const results = taskResults([cold, { ...stopped, manifest } as AnyRunRecord, ...runs]);
  assertEquals(results.map(({ warmup, rate }) => [warmup, rate]), [[50, 0.003], [1, 0.001]]);
});

Deno.test("taskRows() prints spread and margin, and says where the baseline is not beaten", () => {
  const [row] = taskRows(taskResults(runs));
  assertEquals(row, {
    variant: "pre-ln",
    "warm-up": "50",
    rate: "0.003",
    nats: "1.25 (1 to 1.5)",
    baseline: "2",
    margin: "0.75",
    "accuracy, baseline 0.25": "0.6875 (0.625 to 0.75); margin 0.4375",
  });
  const marginOf = (...nats: readonly number[]) =>
    taskRows(taskResults(nats.map((value, seed) => run("post-ln", 0.1, seed, value, 1))))[0]!;
  assertEquals(marginOf(1.5, 2.25)["margin"], "0.125, not in every seed");
  assertEquals(marginOf(1.75, 2.5)["margin"], "does not beat it");
  assertEquals(
    marginOf(2.5, 3.5)["accuracy, baseline 0.25"],
    "0.25 (0.125 to 0.375); does not beat it",
  );
  assertEquals(marginOf(2)["warm-up"], "none");
});
