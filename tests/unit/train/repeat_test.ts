// A run is determined by its settings: bit for bit on CPU and WASM, whatever watches it.

import { assert, assertEquals } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { initDecoder } from "../../../lib/decoder/mod.ts";
import { probeStream } from "../../../lib/probes/mod.ts";
import {
  evaluate,
  type Row,
  train,
  type TrainOptions,
  type TrainSettings,
} from "../../../lib/train/mod.ts";
import { backends, onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";
import { manyRows, numbersByPath, tiny } from "./tiny_run.ts";

interface Outcome {
  readonly rows: readonly Row[];
  readonly numbers: Record<string, number[]>;
}

/** A run as numbers alone. */
async function outcome(settings: TrainSettings, options: TrainOptions = {}): Promise<Outcome> {
  const { parameters, record } = await train(settings, manyRows, options);
  const numbers = await numbersByPath(parameters);
  disposeTree(parameters);
  return { rows: record.rows, numbers };
}

const settings: TrainSettings = {
  ...tiny,
  model: { ...tiny.model, residual: "pre-ln+gpas", dropout: 0.2 },
  steps: 12,
  evaluateEvery: 4,
  accumulate: 2,
  clip: 1,
  clipGates: 0.1,
};

for (const backend of backends.filter((name) => name !== "webgpu")) {
  Deno.test(`train() repeats bit for bit with dropout and accumulation [${backend}]`, () =>
    onBackend(backend, async () => {
      const first = await outcome(settings);
      assertEquals(await outcome(settings), first);
      assert(Object.values(first.numbers).flat().every(Number.isFinite));
    }));

  Deno.test(`train() draws another run from another seed [${backend}]`, () =>
    onBackend(backend, async () => {
      const [one, other] = [await outcome(settings), await outcome({ ...settings, seed: 8 })];
      assert(one.numbers["wte"]!.some((value, i) => value !== other.numbers["wte"]![i]));
      assert(one.rows.at(-1)!["nats"] !== other.rows.at(-1)!["nats"]);
    }));

  Deno.test(`train() is not changed by evaluations, reports and probes [${backend}]`, () =>
    onBackend(backend, async () => {
      const watched = await outcome(settings, {
        probe: (parameters, config, batch) => probeStream(parameters, config, batch.inputs),
      });
      const alone = await outcome({ ...settings, evaluateEvery: 12, reportEvery: 5 });
      assertEquals(alone.numbers, watched.numbers);
      const losses = (rows: readonly Row[]) => rows.filter(({ kind }) => kind === "step");
      assertEquals(
        losses(alone.rows),
        losses(watched.rows).filter(({ step }) => step % 5 === 0 || step === 12),
      );
    }));
}

onEachBackend("train() accumulating two batches makes the step of both in one", async (backend) => {
  const base: TrainSettings = { ...tiny, optimizer: { kind: "sgd" }, steps: 1, rows: 2 };
  const two = await outcome({ ...base, accumulate: 2 });
  const one = await outcome({ ...base, rows: 4 }); // the seed draws the same four rows
  const step = ({ rows }: Outcome) => rows.find(({ kind }) => kind === "step")!;
  for (const name of ["loss", "gradientNorm"]) {
    const [found, expected] = [step(two)[name] as number, step(one)[name] as number];
    assertClose([found], [expected], tolerance(backend, "equal formulas"), name);
  }
  const start = initDecoder(
    { ...base.model, vocabulary: manyRows.tokenizer.vocabulary },
    base.seed,
  );
  const from = await numbersByPath(start);
  disposeTree(start);
  const moved = ({ numbers }: Outcome): number[] =>
    Object.entries(numbers).flatMap(([path, row]) =>
      row.map((value, i) => value - from[path]![i]!)
    );
  // a difference of parameters near 1 has lost the digits that a small step does not reach
  assertClose(moved(two), moved(one), tolerance(backend, "gradient") * 10, "steps");
});

onEachBackend("train() goes on from given parameters and leaves them as they are", async () => {
  const config = { ...tiny.model, vocabulary: manyRows.tokenizer.vocabulary };
  const given = initDecoder(config, 99);
  const before = await numbersByPath(given);
  const { rows, numbers } = await outcome({ ...tiny, steps: 2 }, { parameters: given });
  const size = { rows: tiny.rows, length: 8, batches: 1 };
  const { nats, bitsPerByte } = await evaluate(given, config, manyRows, size);
  assertEquals(rows[0], { kind: "evaluation", step: 0, nats, bitsPerByte });
  assertEquals(await numbersByPath(given), before);
  assert(numbers["wte"]!.some((value, i) => value !== before["wte"]![i]));
  disposeTree(given);
});

onEachBackend("train() of no steps gives the starting parameters and one evaluation", async () => {
  const { rows, numbers } = await outcome({ ...tiny, steps: 0 });
  assertEquals(rows.map(({ kind, step }) => [kind, step]), [["evaluation", 0]]);
  const start = initDecoder(
    { ...tiny.model, vocabulary: manyRows.tokenizer.vocabulary },
    tiny.seed,
  );
  assertEquals(numbers, await numbersByPath(start));
  disposeTree(start);
});

onEachBackend(
  "train() reports its rows in order, and says in the manifest what made them",
  async (backend) => {
    const seen: Row[] = [];
    const { parameters, record, config } = await train(
      { ...tiny, steps: 4, evaluateEvery: 2, reportEvery: 3 },
      manyRows,
      { onRow: (row) => seen.push(row), command: "normkit train", commit: "0123abc" },
    );
    const { rows, manifest } = record;
    assertEquals(rows, seen);
    assertEquals(rows.map(({ kind, step }) => `${kind} ${step}`), [
      "evaluation 0",
      "evaluation 2",
      "step 3",
      "step 4",
      "evaluation 4",
    ]);
    const numbers = await numbersByPath(parameters);
    assertEquals(manifest.parameters, Object.values(numbers).flat().length);
    assertEquals([manifest.backend, manifest.variant], [backend, "pre-ln"]);
    assertEquals([manifest.command, manifest.commit], ["normkit train", "0123abc"]);
    assertEquals(config.vocabulary, manyRows.tokenizer.vocabulary);
    assertEquals(manifest.corpus.trainTokens, manyRows.train.length);
    assertEquals(manifest.stopped, undefined);
    disposeTree(parameters);
  },
);
