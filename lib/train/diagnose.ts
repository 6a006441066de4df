// Where a number went wrong: the first parameter or activation that is not finite, and gates that have gone too far.

import * as tf from "@tensorflow/tfjs";
import { readAll } from "../backend/read.ts";
import type { Tensor } from "../core/tensor.ts";
import { tensorsOf } from "../core/tree.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import { gatesIn } from "../decoder/gates.ts";
import { decoder, type Tokens } from "../decoder/decoder.ts";
import {
  describedBy,
  type DescribedDecoder,
  type DescribedParameters,
} from "../decoder/described.ts";
import type { ModelSpec } from "../model/spec.ts";
import type { Tap } from "../transformer/run.ts";

async function firstBad(
  named: readonly (readonly [string, Tensor])[],
): Promise<string | undefined> {
  const values = await readAll(named.map(([, tensor]) => tensor));
  const at = values.findIndex((numbers) => !numbers.every(Number.isFinite));
  return named[at]?.[0];
}

/**
 * Says where the first non-finite number of a forward pass arises: in a parameter, or else in an activation, in the order in
 * which the model computes them.
 *
 * @param parameters The parameters.
 * @param config The configuration, or the described decoder.
 * @param tokens The rows that were being read.
 * @returns A clause such as `first in blocks.3.mlp_out`.
 */
export async function locateNonFinite(
  parameters: DescribedParameters,
  config: DecoderConfig | DescribedDecoder,
  tokens: Tokens,
): Promise<string> {
  return await locateIn(parameters, (tap) => decoder(parameters, config, tokens, { tap }));
}

/**
 * Says where the first non-finite number of any model's forward pass arises.
 *
 * @param parameters The parameters: a tree, or tensors by name.
 * @param run Runs the model on the batch that was being read, and gives its logits.
 * @returns A clause such as `first in blocks.3.mlp_out`.
 */
export async function locateIn(
  parameters: unknown,
  run: (tap: Tap) => Tensor,
): Promise<string> {
  const weights = tensorsOf(parameters).map(({ path, value }) => [path, value] as const);
  const weight = await firstBad(weights);
  const seen: [string, Tensor][] = [];
  const keep = (name: string, value: Tensor): void =>
    void seen.push([name, tf.keep(value.clone())]);
  const logits = tf.tidy(() => run(keep));
  seen.push(["logits", logits]);
  try {
    const activation = await firstBad(seen);
    const parts = [
      weight === undefined ? "" : `first in the parameter ${weight}`,
      activation === undefined ? "" : `first in the activation ${activation}`,
    ].filter((part) => part !== "");
    return parts.join(" and ") || "first in the loss or its gradient";
  } finally {
    for (const [, value] of seen) value.dispose();
  }
}

/**
 * GPAS gates at which the stream vanishes or changes sign, act(α) ≥ 1.
 *
 * @param parameters The parameters.
 * @param config The configuration, or the described decoder.
 * @returns One sentence for each such gate.
 */
export async function gateWarnings(
  parameters: DescribedParameters,
  config: DecoderConfig | DescribedDecoder,
): Promise<string[]> {
  return await gateWarningsIn(parameters, describedBy(config).spec);
}

/**
 * GPAS gates of any model at which the stream vanishes or changes sign.
 *
 * @param parameters The parameters: a tree, or tensors by name.
 * @param spec The model.
 * @returns One sentence for each such gate.
 */
export async function gateWarningsIn(parameters: unknown, spec: ModelSpec): Promise<string[]> {
  const gates = await gatesIn(parameters, spec);
  return gates.filter(({ activated }) => activated >= 1).map(({ path, activated, activation }) => {
    const value = activated.toPrecision(4);
    return `${path} has ${activation}(α) = ${value} ≥ 1: the stream vanishes or changes sign there and its gradient does not; ` +
      "weights before an odd number of such sites climb the loss";
  });
}
