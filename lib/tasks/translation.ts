// Translation: a sentence of another language, token by token, from a sentence.

import * as tf from "@tensorflow/tfjs";
import { takeAll } from "../backend/read.ts";
import { requireNumber } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { translate } from "../decoder/translate.ts";
import { corpusBleu } from "../metrics/bleu.ts";
import { corpusChrf } from "../metrics/chrf.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { sha256Of } from "../platform/hash.ts";
import { drawExamples, heldOutBatches, meanAmount, paddedRows } from "./batches.ts";
import { factsOf } from "./classification.ts";
import type { EncodedPair, Sentences } from "./sentences.ts";
import type { Baseline, BatchInputs, Task } from "./task.ts";
import { unigram } from "./texts.ts";

/** How the loss of translation is made. */
export interface TranslationObjective {
  /** The share of each target that is spread over all tokens alike; 0.1 by default. */
  readonly smoothing?: number;
}

/** The label behind the end of a sentence. */
const ignore = -1;

/** What a model reads: sources, and targets behind a start (teacher forcing). */
function pairInputs(
  batch: readonly EncodedPair[],
  { padding, start }: Sentences["special"],
): BatchInputs {
  return {
    inputs: {
      source: paddedRows(batch.map(({ from }) => from), padding),
      tokens: paddedRows(batch.map(({ to }) => [start, ...to.subarray(0, -1)]), padding),
    },
    keyLengths: batch.map(({ from }) => from.length),
  };
}

const labelsOf = (batch: readonly EncodedPair[]): Int32Array =>
  paddedRows(batch.map(({ to }) => to), ignore).ids;

const count = (batch: readonly EncodedPair[]): number =>
  batch.reduce((sum, { to }) => sum + to.length, 0);

const tokensOf = (examples: readonly EncodedPair[]): Int32Array =>
  Int32Array.from(examples.flatMap(({ to }) => [...to]));

/** How near some texts are to translations. */
function scores(texts: readonly string[], pairs: readonly EncodedPair[]) {
  const targets = pairs.map(({ target }) => target);
  return {
    bleu: corpusBleu(texts, [targets]).score,
    chrf: corpusChrf(texts, [targets]),
    exact: texts.filter((text, at) => text === targets[at]).length / texts.length,
  };
}

function baselineOf({ pairs: { train, heldOut }, tokenizer }: Sentences): Baseline {
  const { examples } = heldOut;
  const frequencies = unigram(
    tokensOf(train.examples),
    tokensOf(examples),
    tokenizer.vocabulary,
  );
  return {
    name: "the source as it is; of nats, the frequencies of tokens",
    measured: {
      nats: frequencies.measured["nats"]!,
      ...scores(examples.map(({ source }) => source), examples),
    },
  };
}

/**
 * The task of translating sentences.
 *
 * Measures: `nats` per target token without smoothing, and of greedy translations `bleu` and `chrf` from 0 to 100 and the share `exact`.
 *
 * @param sentences The sentences.
 * @param objective The smoothing of labels (Szegedy et al. 2016).
 * @returns The task, for encoder–decoders.
 * @throws {RangeError} If the smoothing is not in [0, 1].
 */
export function translation(
  sentences: Sentences,
  objective: TranslationObjective = {},
): Task<readonly EncodedPair[]> {
  requireOptions("objective", objective, { smoothing: "number?" });
  const smoothing = requireNumber("smoothing", objective.smoothing ?? 0.1, { min: 0, max: 1 });
  const { pairs, tokenizer, special, length } = sentences;
  const { vocabulary } = tokenizer;
  const examples = [...pairs.train.examples, ...pairs.heldOut.examples];
  const content = examples.map(({ source, target }) => [source, target]);
  return {
    id: "translation",
    kind: "encoder-decoder",
    sizes: { vocabulary, context: length },
    length,
    example: meanAmount("tokens", pairs, ({ from, to }) => from.length + to.length),
    data: factsOf(pairs, sha256Of(JSON.stringify(content))),
    text: { tokenizer, ...special },
    baseline: baselineOf(sentences),
    draw: (part, rows, random) => drawExamples(pairs, part, rows, random),
    inputs: (batch) => pairInputs(batch, special),
    loss: (logits, batch) => crossEntropy(logits, labelsOf(batch), { ignore, smoothing }),
    evaluate: async ({ logits, parameters, model }, size) => {
      const batches = heldOutBatches(pairs, size);
      const losses = await takeAll(
        batches.map((batch) =>
          tf.tidy(() => crossEntropy(logits(batch), labelsOf(batch), { ignore }))
        ),
      );
      const all = batches.flat();
      const nats = batches.reduce((sum, batch, at) => sum + losses[at]![0]! * count(batch), 0);
      const found = await translate(
        parameters,
        { ...model, context: length },
        all.map(({ from }) => [...from]),
        {
          ...{ start: [special.start], end: [special.end], maxTokens: length },
          ...(special.first === undefined ? {} : { forcedFirst: special.first }),
        },
      );
      const texts = found.map(({ tokens }) =>
        tokenizer.decode(tokens.filter((token) => !tokenizer.special.has(token)))
      );
      return { nats: nats / count(all), ...scores(texts, all) };
    },
  };
}
