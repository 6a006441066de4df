// Described decoders generate: with a cache of keys and values they have the logits that they have without one.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { convert, targets } from "../../../lib/convert/convert.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { generateBatchWith, generateWith, type LanguageModel } from "../../../lib/decoder/mod.ts";
import {
  describeDecoder,
  loadEncoderDecoder,
  loadLanguageModel,
} from "../../../lib/families/language_model.ts";
import { describeModel } from "../../../lib/families/model.ts";
import { KeyValueCache } from "../../../lib/interpret/key_value_cache.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { openGoldenHead } from "../../support/golden_heads.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { canBecome, decoderNames, goldenOf, openGolden } from "../../support/golden_models.ts";
import { tolerance } from "../../support/tolerances.ts";

/** The logits of all tokens, read in chunks of these lengths. */
function inChunks(model: LanguageModel, rows: readonly number[][], lengths: number[]): Tensor {
  using cache = new KeyValueCache();
  const parts = lengths.map((length) => {
    const chunk = rows.map((row) => row.slice(cache.past, cache.past + length));
    const logits = model.logits(chunk, cache);
    cache.advance(length);
    return logits;
  });
  return tf.concat(parts, 1);
}

for (const name of decoderNames) {
  onEachBackend(`${name} has the same logits with a cache, of a batch too`, async (backend) => {
    using source = await openGolden(name);
    using model = await loadLanguageModel(source);
    const tokens = [...(await goldenOf(name)).inputs.tokens!];
    const rows = [tokens, tokens.toReversed()];
    const ones = tokens.slice(3).map(() => 1);
    const before = tf.memory().numTensors;
    const [whole, chunked] = await numbersOf(() => [
      inChunks(model, rows, [tokens.length]),
      inChunks(model, rows, [3, ...ones]),
    ]);
    assertEquals(tf.memory().numTensors, before);
    assertClose(chunked!, whole!, tolerance(backend, "value"), name);
  });
}

for (const name of decoderNames) {
  Deno.test(`${name} in every form that it can have has the same logits with a cache`, () =>
    onBackend("cpu", async () => {
      using source = await openGolden(name);
      const { inputs, expected } = await goldenOf(name);
      const tokens = [...inputs.tokens!];
      for (const to of targets.filter((to) => canBecome(name, to))) {
        using model = await loadLanguageModel(convert(source, { to }));
        const [logits] = await numbersOf(() => [inChunks(model, [tokens], [3, tokens.length - 3])]);
        const what = `${name} as ${to}`;
        assertClose(logits!, expected["logits"]!.values, tolerance("cpu", "model"), what);
      }
    }));
}

Deno.test("generateWith() continues a described decoder as its logits say, past its context", () =>
  onBackend("wasm", async () => {
    using source = await openGolden("gpt2");
    using model = await loadLanguageModel(source);
    const prompt = [3, 1, 4, 1, 5];
    const made = await Array.fromAsync(
      generateWith(model, prompt, { tokens: model.context + 2, temperature: 0 }),
    );
    const row = [...prompt];
    for (const token of made) {
      const window = row.slice(-model.context);
      const [logits] = await numbersOf(() => {
        using cache = new KeyValueCache();
        return [model.logits([window], cache)];
      });
      const last = logits!.slice(-model.vocabulary);
      assertEquals(token, last.indexOf(Math.max(...last)));
      row.push(token);
    }
  }));

Deno.test("generateBatchWith() gives each prompt what it gets alone, whatever their lengths", () =>
  onBackend("wasm", async () => {
    using source = await openGolden("llama");
    using model = await loadLanguageModel(source);
    const prompts = [[3, 1, 4], [2], [5, 9, 2], [6, 5, 3, 5], [8]];
    const options = { tokens: 6, temperature: 0 };
    const together = await generateBatchWith(model, prompts, options);
    for (const [at, prompt] of prompts.entries()) {
      assertEquals(together[at], await Array.fromAsync(generateWith(model, prompt, options)));
    }
    const stop = [together[0]![2]!];
    const [first] = await generateBatchWith(model, prompts, { ...options, stop });
    assertEquals(first, together[0]!.slice(0, together[0]!.indexOf(stop[0]!) + 1));
    await assertRejects(
      () => generateBatchWith(model, [[1], []], options),
      RangeError,
      "Cannot run on no tokens",
    );
  }));

Deno.test("loadLanguageModel() refuses what is no decoder of tokens", async () => {
  for (const name of ["vit", "clip", "whisper"]) {
    using source = await openGolden(name);
    await assertRejects(
      () => loadLanguageModel(source),
      RangeError,
      " model as a language model: ",
    );
  }
});

Deno.test("describeDecoder() takes the head that predicts tokens, and refuses a model without", async () => {
  using double = await openGoldenHead("gpt2-double");
  assertEquals(double.model.spec.heads.length, 2);
  const { heads } = describeDecoder(double.model).spec;
  assertEquals(heads.map(({ linear }) => linear.weight), ["transformer.wte.weight"]);
  for (const name of ["gpt2-tokens", "gpt2-answers", "gpt2-sequence", "gpt2-body"]) {
    using other = await openGoldenHead(name);
    const { message } = assertThrows(() => describeDecoder(other.model), RangeError);
    assertEquals(
      message,
      "Cannot use this GPT-2 model as a language model: it has no head that predicts tokens",
    );
  }
});

Deno.test("loadEncoderDecoder() knows what the decoder reads, and refuses what is no such model", () =>
  onBackend("cpu", async () => {
    for (const [name, context] of [["bart", 16], ["marian", 16], ["t5", 8192], ["whisper", 16]]) {
      using source = await openGolden(name as string);
      using loaded = await loadEncoderDecoder(source);
      assertEquals(loaded.limits, { vocabulary: 40, context }, name as string);
    }
    for (const name of ["gpt2", "bert", "clip"]) {
      using source = await openGolden(name);
      await assertRejects(
        () => loadEncoderDecoder(source),
        RangeError,
        " model as an encoder–decoder: it is not an encoder and a decoder",
      );
    }
  }));

Deno.test("describeDecoder() reads no further than to where heads turn otherwise", async () => {
  using source = await openGolden("llama");
  const factors = [1, 1, 1];
  const positions = { rope_type: "longrope", short_factor: factors, long_factor: factors };
  const rope_scaling = { ...positions, original_max_position_embeddings: 6 };
  const { family, config, tensors } = source;
  const stretched = describeModel(family, { ...config, rope_scaling }, tensors);
  assertEquals([describeDecoder(source).context, describeDecoder(stretched).context], [24, 6]);
});
