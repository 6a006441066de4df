// Causal language modelling as the loop's subject: rows of a text, each token predicted from those before it.

import type { Tensor } from "../core/tensor.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { Tokens } from "../decoder/decoder.ts";
import {
  describedBy,
  type DescribedDecoder,
  type DescribedParameters,
} from "../decoder/described.ts";
import { parametersIn } from "../model/parameters.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { type Batch, randomBatch } from "./batch.ts";
import type { RunNumbers } from "./complete_settings.ts";
import type { Corpus } from "./corpus.ts";
import { gateWarningsIn, locateNonFinite } from "./diagnose.ts";
import { evaluate } from "./evaluate.ts";
import type { StepOptions, Subject } from "./subject.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The logits of which a training computes its loss. */
export type Logits<P> = (parameters: P, tokens: Tokens, options: StepOptions) => Tensor;

/** A language model in training. */
export interface CausalModel<P> extends Pick<Subject<P, Batch>, "start" | "probe"> {
  /** The model that evaluations run, as `decoder()` takes it. */
  readonly model: DecoderConfig | DescribedDecoder;
  /** The logits of which the loss is computed; the same function of the parameters as the model. */
  readonly logits: Logits<P>;
}

/**
 * The task of predicting the next token.
 *
 * @param given The model, its start and its probe.
 * @param corpus The text.
 * @param numbers Rows and lengths of batches.
 * @returns The subject of a training.
 */
export function causalLm<P extends DescribedParameters>(
  { model, logits, start, probe }: CausalModel<P>,
  corpus: Corpus<Tokenizer>,
  { rows, length, evaluationBatches: batches }: RunNumbers,
): Subject<P, Batch> {
  const size = { rows, length };
  const { spec } = describedBy(model);
  return {
    kinds: parametersIn(spec),
    example: { count: length, unit: "tokens" },
    start,
    probe,
    draw: (part, random) => randomBatch(corpus[part], size, random),
    loss: (parameters, { inputs, targets }, options) =>
      crossEntropy(logits(parameters, inputs, options), targets),
    evaluate: async (parameters) => {
      const { nats, bitsPerByte } = await evaluate(parameters, model, corpus, { ...size, batches });
      return { nats, bitsPerByte };
    },
    locate: (parameters, { inputs }) => locateNonFinite(parameters, model, inputs),
    warnings: (parameters) => gateWarningsIn(parameters, spec),
  };
}
