// Translation by models of this library: what greedy and beam search find, whatever the sources run beside, and what is refused.

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import {
  beamSearch,
  type EncoderDecoder,
  translate,
  type TranslateOptions,
  type Translation,
} from "../../../lib/decoder/mod.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import {
  type EncoderDecoderConfig,
  encoderDecoderTransformer,
} from "../../../lib/transformer/models.ts";
import { runBatch } from "../../../lib/transformer/run.ts";
import { inBothForms, onBackend } from "../../support/backends.ts";
import { tokens } from "../../support/transformer_cases.ts";

const config: EncoderDecoderConfig = {
  ...{ width: 8, heads: 2, vocabulary: 9, context: 12 },
  ...{ encoderDepth: 1, decoderDepth: 2, embeddingStd: 1, embeddingScale: 1 },
};
const options: TranslateOptions = { start: [1], end: [2], maxTokens: 6 };
const sources = [[3, 4, 5, 6, 7], [8, 3], [4], [5, 5, 5, 5], [6, 8]];

/** Runs with a fresh model. */
async function withModel<T>(
  body: (parameters: Record<string, Tensor>, model: EncoderDecoder) => Promise<T>,
  changes: Partial<EncoderDecoderConfig> = {},
): Promise<T> {
  const model = encoderDecoderTransformer({ ...config, ...changes });
  const parameters = drawStarts(model.starts, 5);
  try {
    return await body(parameters, model);
  } finally {
    disposeTree(parameters);
  }
}

/** Every distribution behind a text, by running the whole text: log-probabilities by token. */
async function logsBehind(
  parameters: unknown,
  { spec }: EncoderDecoder,
  source: readonly number[],
  text: readonly number[],
): Promise<number[]> {
  const inputs = { source: tokens([...source]), tokens: tokens([...text]) };
  const logs = tf.tidy(() => {
    const { logits } = runBatch(parameters, { spec }, inputs);
    return tf.logSoftmax(tf.slice(logits!, [0, text.length - 1, 0]));
  });
  const values = [...await logs.data()];
  logs.dispose();
  return values;
}

/** Greedy search by whole texts. */
async function greedy(
  parameters: unknown,
  model: EncoderDecoder,
  source: readonly number[],
): Promise<Translation> {
  const text = [...options.start];
  let sum = 0;
  for (let made = 0; made < options.maxTokens && text.at(-1) !== 2; made++) {
    const logs = await logsBehind(parameters, model, source, text);
    const best = logs.indexOf(Math.max(...logs));
    sum += logs[best]!;
    text.push(best);
  }
  return { tokens: text.slice(1), score: sum / (text.length - 1) };
}

function assertSame(found: readonly Translation[], expected: readonly Translation[]): void {
  assertEquals(found.map((one) => one.tokens), expected.map((one) => one.tokens));
  found.forEach(({ score }, at) => assertAlmostEquals(score, expected[at]!.score, 1e-4));
}

inBothForms(
  "translate() with one beam takes the likeliest token each time",
  () =>
    withModel(async (parameters, model) => {
      const expected: Translation[] = [];
      for (const source of sources) expected.push(await greedy(parameters, model, source));
      assertSame(await translate(parameters, model, sources, options), expected);
    }),
);

Deno.test("beams that hold every text find the best of all, at each length penalty", () =>
  onBackend("cpu", () =>
    withModel(async (parameters, model) => {
      const source = [0, 1];
      const all: { text: number[]; sum: number }[] = [];
      const grow = async (text: number[], sum: number): Promise<void> => {
        if (text.length === 4 || text.at(-1) === 2) {
          all.push({ text: text.slice(1), sum });
          return;
        }
        const logs = await logsBehind(parameters, model, source, text);
        for (const [token, log] of logs.entries()) await grow([...text, token], sum + log);
      };
      await grow([1], 0);
      assertEquals(all.length, 1 + 2 + 4 * 3); // what ends at once, behind one token, and behind two or not at all
      for (const lengthPenalty of [-1, 0, 0.6, 1, 3]) {
        const scored = all.map(({ text, sum }) => ({
          tokens: text,
          score: sum / text.length ** lengthPenalty,
        }));
        const best = scored.reduce((a, b) => b.score > a.score ? b : a);
        const own = { ...options, maxTokens: 3, beams: 27, lengthPenalty };
        assertSame(await translate(parameters, model, [source], own), [best]);
      }
    }, { vocabulary: 3 })));

Deno.test("a translation does not depend on what it runs beside, nor on the order", () =>
  onBackend("wasm", () =>
    withModel(async (parameters, model) => {
      for (const beams of [1, 3]) {
        const own = { ...options, beams };
        const together = await translate(parameters, model, sources, own);
        for (const batch of [1, 2, 3]) {
          assertSame(await translate(parameters, model, sources, { ...own, batch }), together);
        }
        const reversed = await translate(parameters, model, sources.toReversed(), own);
        assertSame(reversed.toReversed(), together);
      }
      assertEquals(await translate(parameters, model, [], options), []);
    })));

Deno.test("translate() goes as far as the context, and no further", () =>
  onBackend("cpu", () =>
    withModel(async (parameters, model) => {
      const full = Array.from({ length: 12 }, (_, at) => 3 + at % 5);
      const own = { ...options, end: [], maxTokens: 12 };
      const [found] = await translate(parameters, model, [full], own);
      assertEquals(found!.tokens.length, 12);
    })));

Deno.test("where the rules let no text go on, the best that has ended is found", () =>
  onBackend("cpu", () =>
    withModel(async (parameters, model) => {
      const rules = { noRepeat: 1, badWords: [[0, 2]], beams: 3 }; // 0, or 2, which ends; no more behind 0
      const [found] = await translate(parameters, model, [[0]], { ...options, ...rules });
      assertEquals(found!.tokens, [2]);
    }, { vocabulary: 3 })));

Deno.test("models without a table of positions read what they are told to", () =>
  onBackend("cpu", () =>
    withModel(async (parameters, { spec }) => {
      const own = { ...options, maxTokens: 20 };
      const source = Array.from({ length: 20 }, () => 3);
      await translate(parameters, { spec }, [source], own);
      const run = () => translate(parameters, { spec, context: 10 }, [source], options);
      await assertRejects(run, RangeError, "source 0 of 20 tokens: the encoder's context holds 10");
    }, { positions: "rotary" })));

const refused: readonly (readonly [Partial<TranslateOptions>, string])[] = [
  [{ beams: 0 }, "Cannot use beams = 0: it must be a whole number ≥ 1"],
  [{ beams: 1.5 }, "Cannot use beams = 1.5"],
  [{ lengthPenalty: NaN }, "Cannot use lengthPenalty = NaN"],
  [{ maxTokens: 0 }, "Cannot use maxTokens = 0: it must be a whole number ≥ 1 and ≤ 12"],
  [{ maxTokens: 13 }, "Cannot use maxTokens = 13"],
  [{ start: [1, 1], maxTokens: 12 }, "≤ 11"],
  [{ batch: 0 }, "Cannot use batch = 0"],
  [{ start: [] }, "Cannot start from no tokens"],
  [{ start: [9] }, "Cannot use token 9 in start: tokens go from 0 to 8"],
  [{ end: [-1] }, "Cannot use token -1 in end"],
  [{ forcedFirst: 9 }, "Cannot use token 9 in what is forced"],
  [{ suppressed: [0.5] }, "Cannot use token 0.5 in suppressed"],
  [{ badWords: [[3, 99]] }, "Cannot use token 99 in badWords"],
  [{ badWords: [[]] }, "Cannot ban a word of no tokens"],
  [{ noRepeat: -1 }, "Cannot use noRepeat = -1"],
  [{ suppressed: [0, 1, 2, 3, 4, 5, 6, 7, 8] }, "Cannot choose token 1: the rules leave none"],
  [
    { suppressed: [0, 1, 2, 3, 4, 5, 6, 7, 8], renormalize: true },
    "Cannot choose token 1: the rules leave none",
  ],
];

Deno.test("translate() refuses options and sources that do not fit, and leaks nothing", () =>
  onBackend("cpu", () =>
    withModel(async (parameters, model) => {
      const before = tf.memory().numTensors;
      const run = (given: number[][], own: Partial<TranslateOptions> = {}) => () =>
        translate(parameters, model, given, { ...options, ...own });
      for (const [own, message] of refused) {
        await assertRejects(run([[3, 4]], own), RangeError, message);
      }
      await assertRejects(
        run([[3], []]),
        RangeError,
        "Cannot translate source 1: it has no tokens",
      );
      await assertRejects(
        run([[3], Array(13).fill(3)]),
        RangeError,
        "Cannot translate source 1 of 13 tokens: the encoder's context holds 12",
      );
      await assertRejects(
        run([[3, 4, 5], [9]]),
        RangeError,
        "Cannot use token 9 in source 1: tokens go from 0 to 8",
      );
      assertEquals(tf.memory().numTensors, before);
    })));

Deno.test("translate() says where the logits are not finite, and leaks nothing", () =>
  onBackend("cpu", () =>
    withModel(async (parameters, model) => {
      const broken = tf.fill([8, 9], Infinity);
      const before = tf.memory().numTensors;
      await assertRejects(
        () => translate({ ...parameters, "head.w": broken }, model, sources, options),
        RangeError,
        "Cannot choose token 1: the model's logit of id 0 is",
      );
      assertEquals(tf.memory().numTensors, before);
      broken.dispose();
    })));

Deno.test("beamSearch() refuses a batch that its model does not read", () =>
  onBackend("cpu", () =>
    withModel(async (parameters, model) => {
      const source = tokens([3, 4], [5, 0]);
      const run = (batch: Parameters<typeof beamSearch>[2]) => () =>
        beamSearch(parameters, model, batch, options);
      await assertRejects(run({}), RangeError, "Cannot translate without source");
      await assertRejects(run({ source, lengths: [2] }), RangeError, "1 lengths for 2 sources");
      await assertRejects(run({ source, lengths: [2, 0] }), RangeError, "length of a sequence = 0");
      const found = await run({ source, lengths: [2, 1] })();
      assertSame(found, await translate(parameters, model, [[3, 4], [5]], options));
      assert(found.every(({ tokens: made }) => made.length > 0));
    })));
