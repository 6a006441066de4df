// The perplexity of two models on one text.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { measurePerplexity } from "../../../lib/convert/perplexity.ts";
import type { DecoderConfig } from "../../../lib/decoder/config.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { openGolden } from "../../support/golden_models.ts";
import { normkitModel, normkitTensors, small } from "../../support/normkit_model.ts";
import { plainDecoder } from "../../support/plain_decoder.ts";
import { changedModel } from "../../support/tensor_rows.ts";
import { softmax } from "../../reference/losses.ts";
import { tolerance } from "../../support/tolerances.ts";

const config: DecoderConfig = {
  ...small,
  activation: "relu",
  embeddingScale: 1,
  ends: ["final"],
  residual: "pre-ln",
};
const text = Array.from({ length: 21 }, (_, at) => (5 * at + at ** 2) % 9);

/** exp of the mean of −log p, over stretches of 8 tokens, whose first ones nothing predicts. */
function plainPerplexity(tensors = normkitTensors(config)): { value: number; tokens: number } {
  const losses: number[] = [];
  for (const first of [0, 8, 16]) {
    const tokens = text.slice(first, first + 8);
    const logits = plainDecoder(config, tensors, tokens);
    tokens.slice(1).forEach((token, at) => losses.push(-Math.log(softmax(logits[at]!)[token]!)));
  }
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return { value: Math.exp(mean), tokens: losses.length };
}

onEachBackend(
  "measurePerplexity() is exp of the mean loss over stretches of the context",
  async (backend) => {
    const model = normkitModel(config);
    const other = changedModel(model, {
      number: (value, name) => name === "head.w" ? value / 2 : value,
    });
    const { expected, actual, tokens } = await measurePerplexity(model, other, text);
    const plain = plainPerplexity();
    assertEquals(tokens, plain.tokens);
    assertEquals(tokens, 7 + 7 + 4);
    assert(Math.abs(expected / plain.value - 1) <= tolerance(backend, "value"));
    assert(Math.abs(actual / expected - 1) > 0.01, "the other model's own");
  },
);

Deno.test("measurePerplexity() leaves out a last token that nothing predicts", () =>
  onBackend("cpu", async () => {
    const model = normkitModel(config);
    const { tokens } = await measurePerplexity(model, model, text.slice(0, 17));
    assertEquals(tokens, 14);
  }));

Deno.test("measurePerplexity() refuses short texts, unknown tokens, and models of no language", () =>
  onBackend("cpu", async () => {
    const model = normkitModel(config);
    for (const tokens of [[], [1]]) {
      await assertRejects(
        () => measurePerplexity(model, model, tokens),
        RangeError,
        `Cannot measure a perplexity on ${tokens.length} tokens: there must be at least two`,
      );
    }
    await assertRejects(() => measurePerplexity(model, model, [1, 9]), RangeError, "token = 9");
    using clip = await openGolden("clip");
    await assertRejects(
      () => measurePerplexity(clip, clip, [0, 1, 39]),
      RangeError,
      "Cannot measure the perplexity of a model that is no language model",
    );
  }));
