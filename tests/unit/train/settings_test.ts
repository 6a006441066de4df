// Settings that train() refuses before it makes a tensor.

import { assertEquals, assertRejects } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { findResidual } from "../../../lib/residual/mod.ts";
import { makeCorpus, train, type TrainSettings } from "../../../lib/train/mod.ts";
import { onEachBackend } from "../../support/backends.ts";
import { manyRows, tiny } from "./tiny_run.ts";

const { model } = tiny;
const cases: readonly (readonly [Partial<TrainSettings>, string])[] = [
  [{ steps: -1 }, "Cannot use steps = -1: it must be a whole number ≥ 0"],
  [{ steps: 2.5 }, "steps = 2.5: it must be a whole number"],
  [{ steps: NaN }, "steps = NaN"],
  [{ rows: 0 }, "rows = 0"],
  [{ rows: 1e9 }, "rows = 1000000000: it must be a whole number ≥ 1 and ≤ 2097152"],
  [{ length: 9 }, "length = 9: rows must have at most the 8 tokens of the model's context"],
  [{ length: 0 }, "length = 0"],
  [{ accumulate: 0 }, "accumulate = 0"],
  [{ reportEvery: 0 }, "reportEvery = 0"],
  [{ evaluateEvery: -1 }, "evaluateEvery = -1"],
  [{ evaluationBatches: 0 }, "evaluationBatches = 0"],
  [{ seed: -1 }, "seed = -1"],
  [{ clip: NaN }, "clip = NaN: it must be a finite number > 0"],
  [{ clip: 0 }, "clip = 0"],
  [{ clipGates: -1 }, "clipGates = -1"],
  [{ schedule: { kind: "constant", peak: NaN } }, "peak learning rate = NaN"],
  [{ schedule: { kind: "constant", peak: Infinity } }, "peak learning rate = Infinity"],
  [{ schedule: { kind: "cosine", peak: 1 } }, "a cosine schedule without steps"],
  [{ optimizer: { kind: "sgd", momentum: 2 } }, "momentum = 2"],
  [{ model: { ...model, residual: "pre-lm" } }, 'the residual variant "pre-lm": known are post-ln'],
  [{ model: { ...model, width: 7 } }, "Cannot split a width of 7 into 2 heads"],
  [{ model: { ...model, eps: 0 } }, "eps = 0"],
  [{ model: { ...model, dropout: 1 } }, "dropout = 1"],
  [
    { model: { ...model, ...{ vocabulary: 9999 } } },
    "a model of vocabulary = 9999: the corpus has",
  ],
];

onEachBackend("train() takes the vocabulary of its corpus with the model", async () => {
  const { vocabulary } = manyRows.tokenizer;
  const whole = { ...model, ...{ vocabulary } };
  const { parameters, record } = await train({ ...tiny, model: whole }, manyRows);
  assertEquals(record.manifest.stopped, undefined);
  disposeTree(parameters);
});

onEachBackend(
  "train() refuses settings out of range before it reports or makes anything",
  async () => {
    for (const [settings, message] of cases) {
      const seen: string[] = [];
      const onRow = ({ kind }: { kind: string }): void => void seen.push(kind);
      await assertRejects(
        () => train({ ...tiny, ...settings }, manyRows, { onRow }),
        RangeError,
        message,
      );
      assertEquals(seen, []);
    }
  },
);

onEachBackend(
  "train() takes a variant of one's own that the settings name, and no other",
  async () => {
    const residual = { ...findResidual("post-ln"), id: "my-ln" };
    const own = { ...tiny, model: { ...model, residual: "my-ln" } };
    const { parameters, config, record } = await train(own, manyRows, { residual });
    assertEquals([config.residual, record.manifest.variant], [residual, "my-ln"]);
    const plain = await train({ ...own, model: { ...model, residual: "post-ln" } }, manyRows);
    assertEquals(record.rows, plain.record.rows);
    for (const tree of [parameters, plain.parameters]) disposeTree(tree);
    await assertRejects(
      () => train(tiny, manyRows, { residual }),
      RangeError,
      'Cannot train the variant "my-ln" under settings that name none: the ids must be equal',
    );
  },
);

onEachBackend("train() refuses a text with too little to train on or to hold out", async () => {
  const text = "abcdefghijklmnopqrst";
  const parts = [[0.8, "part to train on", 3], [0.2, "held-out part", 4]] as const;
  for (const [heldOutShare, part, length] of parts) {
    await assertRejects(
      () => train(tiny, makeCorpus(text, { heldOutShare })),
      RangeError,
      `Cannot cut rows of 8 tokens from the ${part} of text: it has ${length} of the text's 20 tokens, and a row needs 9`,
    );
  }
});
