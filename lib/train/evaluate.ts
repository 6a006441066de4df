// The held-out loss: the mean over even batches of text that training does not see.

import * as tf from "@tensorflow/tfjs";
import { requireOptions } from "../core/options.ts";
import { takeNumbers } from "../backend/read.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import { decoder } from "../decoder/decoder.ts";
import type { DescribedDecoder, DescribedParameters } from "../decoder/described.ts";
import { evenBatches } from "./batch.ts";
import { bitsPerByte } from "../metrics/likelihood.ts";
import { type Corpus, requireRoom } from "./corpus.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A held-out loss. */
export interface Evaluation {
  /** Mean cross entropy, in nats per token. */
  readonly nats: number;
  /** The same in bits per UTF-8 byte, comparable across tokenizers. */
  readonly bitsPerByte: number;
  /** How many tokens were predicted. */
  readonly tokens: number;
}

/**
 * The loss on rows spread evenly over the held-out text.
 *
 * @param parameters The parameters of a decoder.
 * @param config Its configuration, or the described decoder.
 * @param corpus The text.
 * @param size Rows of a batch, tokens of a row, and batches.
 * @returns The loss.
 * @throws {RangeError} If the held-out text is shorter than a row.
 */
export async function evaluate(
  parameters: DescribedParameters,
  config: DecoderConfig | DescribedDecoder,
  corpus: Corpus<Tokenizer>,
  size: { readonly rows: number; readonly length: number; readonly batches: number },
): Promise<Evaluation> {
  requireOptions("evaluate()", size, { rows: "number", length: "number", batches: "number" });
  requireRoom(corpus, size.length, ["heldOut"]);
  const losses = await takeNumbers(
    tf.tidy(() =>
      evenBatches(corpus.heldOut, size).map(({ inputs, targets }) =>
        tf.tidy(() => crossEntropy(decoder(parameters, config, inputs), targets))
      )
    ),
  );
  const nats = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const tokens = size.rows * size.length * size.batches;
  return { nats, bitsPerByte: bitsPerByte(nats, corpus.bytesPerToken), tokens };
}
