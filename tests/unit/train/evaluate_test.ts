// The held-out loss, where it is known in closed form and against the oracle.

import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertRejects } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { decoder, initDecoder } from "../../../lib/decoder/mod.ts";
import { evaluate, evenBatches, makeCorpus } from "../../../lib/train/mod.ts";
import { crossEntropy } from "../../reference/losses.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { tolerance } from "../../support/tolerances.ts";
import { manyRows, replaced } from "./tiny_run.ts";

const size = { rows: 2, length: 8, batches: 3 };

onEachBackend(
  "evaluate() of a uniform model is ln V nats, and bits by the bytes of a token",
  async (backend) => {
    const corpus = makeCorpus("ab鯨é".repeat(20), { heldOutShare: 0.5 }); // 7 bytes in 4 tokens
    const config = { vocabulary: 4, context: 8, width: 8, depth: 1, heads: 1 };
    const model = replaced(initDecoder(config, 1), "head.w", (w) => tf.zerosLike(w));
    const { nats, bitsPerByte, tokens } = await evaluate(model, config, corpus, size);
    assertClose([nats], [Math.log(4)], tolerance(backend, "value"), "nats");
    assertClose([bitsPerByte], [2 / (7 / 4)], tolerance(backend, "value"), "bits per byte");
    assertEquals(tokens, 48);
    disposeTree(model);
  },
);

onEachBackend("evaluate() is the oracle's cross entropy of the logits", async (backend) => {
  const { vocabulary } = manyRows.tokenizer;
  const config = { vocabulary, context: 8, width: 8, depth: 2, heads: 2, dropout: 0.5 };
  const model = initDecoder(config, 2);
  const batches = evenBatches(manyRows.heldOut, size);
  const logits = await numbersOf(() =>
    batches.flatMap(({ inputs }) =>
      tf.unstack(decoder(model, config, inputs).reshape([-1, vocabulary]))
    )
  );
  const targets = batches.flatMap((batch) => Array.from(batch.targets));
  const { nats } = await evaluate(model, config, manyRows, size);
  const expected = crossEntropy(logits, targets);
  assertClose([nats], [expected], tolerance(backend, "value"), "nats");
  disposeTree(model);
});

onEachBackend(
  "evaluate() refuses a text shorter than a row and tokens that the model does not know",
  async () => {
    const config = { vocabulary: 4, context: 64, width: 8, depth: 1, heads: 1 };
    const model = initDecoder(config, 1);
    await assertRejects(
      () => evaluate(model, config, manyRows, { ...size, length: 40 }),
      RangeError,
      "Cannot cut rows of 40 tokens",
    );
    const late = makeCorpus(`${"ab".repeat(40)}cdxyz`, { heldOutShare: 0.5 }); // only the last rows hold tokens ≥ 4
    await assertRejects(
      () => evaluate(model, config, late, { rows: 1, length: 4, batches: 30 }),
      RangeError,
      "classes go from 0 to 3",
    );
    disposeTree(model);
  },
);
