import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { disposeTree } from "../../../lib/core/mod.ts";
import {
  decoder,
  type DecoderConfig,
  generate,
  type GenerateOptions,
  initDecoder,
} from "../../../lib/decoder/mod.ts";
import { inBothForms, onBackend, onEachBackend } from "../../support/backends.ts";
import { numbersOf } from "../../support/evaluate.ts";

const config: DecoderConfig = {
  vocabulary: 7,
  context: 4,
  width: 8,
  depth: 1,
  heads: 2,
  embeddingStd: 1,
  embeddingScale: 1,
};

/** All tokens that fresh parameters give. */
async function generated(
  prompt: ArrayLike<number>,
  options: GenerateOptions,
  changes: Partial<DecoderConfig> = {},
): Promise<number[]> {
  const full = { ...config, ...changes };
  const parameters = initDecoder(full, 6);
  try {
    return await Array.fromAsync(generate(parameters, full, prompt, options));
  } finally {
    disposeTree(parameters);
  }
}

/** The k most likely tokens after a prompt, best first. */
async function ranked(prompt: readonly number[]): Promise<number[]> {
  const parameters = initDecoder(config, 6);
  const [logits] = await numbersOf(() => [decoder(parameters, config, [prompt])]);
  disposeTree(parameters);
  const last = logits!.slice(-config.vocabulary);
  return last.map((_, id) => id).sort((a, b) => last[b]! - last[a]!);
}

onEachBackend("generate() at temperature 0 takes the most likely token each time", async () => {
  const found = await generated([1, 2], { tokens: 6, temperature: 0 });
  const tokens = [1, 2];
  for (let made = 0; made < 6; made++) tokens.push((await ranked(tokens.slice(-4)))[0]!);
  assertEquals(found, tokens.slice(2));
});

inBothForms("generate() says where the logits are not finite", async () => {
  for (const value of [NaN, Infinity]) {
    for (const options of [{ temperature: 0 }, { temperature: 1 }, { topK: 1 }]) {
      const parameters = initDecoder(config, 6);
      const broken = {
        ...parameters,
        head: { w: tf.fill([config.width, config.vocabulary], value) },
      };
      const stream = generate(broken, config, [1, 2], { tokens: 3, ...options });
      try {
        await assertRejects(
          () => Array.fromAsync(stream),
          RangeError,
          "Cannot choose token 1: the model's logit of id 0 is NaN",
        );
      } finally {
        disposeTree([parameters, broken.head]);
      }
    }
  }
});

Deno.test("generate() with topK = 1 is the most likely token at any temperature", () =>
  onBackend("cpu", async () => {
    const greedy = await generated([1, 2], { tokens: 8, temperature: 0 });
    assertEquals(await generated([1, 2], { tokens: 8, temperature: 50, topK: 1 }), greedy);
  }));

Deno.test("generate() with topK = k gives all of the k most likely tokens and no other", () =>
  onBackend("cpu", async () => {
    const allowed = (await ranked([3])).slice(0, 3);
    const seen = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const [token] = await generated([3], { tokens: 1, temperature: 5, topK: 3, seed });
      seen.add(token!);
    }
    assertEquals([...seen].sort(), allowed.sort());
  }));

Deno.test("generate() samples with the model's probabilities", () =>
  onBackend("cpu", async () => {
    const parameters = initDecoder(config, 6);
    const [logits] = await numbersOf(() => [decoder(parameters, config, [[3]])]);
    disposeTree(parameters);
    const temperature = 0.7;
    const weights = logits!.map((value) => Math.exp(value / temperature));
    const total = weights.reduce((sum, value) => sum + value, 0);
    const draws = 400;
    const counts: number[] = Array(7).fill(0);
    for (let seed = 0; seed < draws; seed++) {
      counts[(await generated([3], { tokens: 1, temperature, seed }))[0]!]! += 1;
    }
    for (const [id, count] of counts.entries()) {
      const p = weights[id]! / total;
      const spread = Math.sqrt(draws * p * (1 - p));
      assert(Math.abs(count - draws * p) <= 4.5 * spread + 1, `token ${id}: ${count}, p = ${p}`);
    }
  }));

onEachBackend("generate() repeats by seed", async () => {
  const options = { tokens: 12, temperature: 2 };
  const once = await generated([1], { ...options, seed: 4 });
  assertEquals(await generated([1], { ...options, seed: 4 }), once);
  assertNotEquals(await generated([1], { ...options, seed: 5 }), once);
  assertEquals(once.length, 12);
  assert(once.every((id) => Number.isInteger(id) && id >= 0 && id < 7));
});

Deno.test("generate() reads a prompt longer than the context from its end", () =>
  onBackend("cpu", async () => {
    const options = { tokens: 5, temperature: 0 };
    const short = await generated([2, 6, 1, 3], options);
    assertEquals(await generated([5, 5, 0, 4, 2, 6, 1, 3], options), short);
    assertNotEquals(await generated([5, 5, 0, 4], options), short, "the end of the prompt decides");
  }));

Deno.test("generate() makes tokens one by one, and stops when it is told to", () =>
  onBackend("cpu", async () => {
    const parameters = initDecoder(config, 6);
    const controller = new AbortController();
    const found: number[] = [];
    const options = { tokens: 100, signal: controller.signal };
    for await (const token of generate(parameters, config, [1], options)) {
      found.push(token);
      if (found.length === 3) controller.abort();
    }
    assertEquals(found.length, 3);
    assertEquals(await generated([1], { tokens: 0 }), []);
    disposeTree(parameters);
  }));

Deno.test("generate() does not drop, whatever the configuration's dropout", () =>
  onBackend("cpu", async () => {
    const options = { tokens: 6, temperature: 0 };
    assertEquals(await generated([1], options, { dropout: 0.9 }), await generated([1], options));
  }));

Deno.test("generate() refuses prompts and options that do not fit, and leaks nothing", () =>
  onBackend("cpu", async () => {
    const cases: readonly (readonly [ArrayLike<number>, GenerateOptions, string])[] = [
      [[], { tokens: 1 }, "no tokens"],
      [[7], { tokens: 1 }, "token 7"],
      [[1], { tokens: -1 }, "tokens = -1"],
      [[1], { tokens: 1.5 }, "tokens = 1.5"],
      [[1], { tokens: 1, temperature: -0.1 }, "temperature = -0.1"],
      [[1], { tokens: 1, temperature: NaN }, "temperature = NaN"],
      [[1], { tokens: 1, topK: 0 }, "topK = 0"],
      [[1], { tokens: 1, seed: -2 }, "seed = -2"],
    ];
    for (const [prompt, options, message] of cases) {
      await assertRejects(() => generated(prompt, options), RangeError, message);
    }
  }));
