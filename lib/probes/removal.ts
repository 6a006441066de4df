// A probe that removes one layer at a time and measures the loss without it.

import * as tf from "@tensorflow/tfjs";
import { requireOptions } from "../core/options.ts";
import { takeNumbers } from "../backend/read.ts";
import type { Scalar } from "../core/tensor.ts";
import { completeConfig, type DecoderConfig } from "../decoder/config.ts";
import { decoder, type Tokens } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import type { Residual } from "../residual/types.ts";

/** The loss without one layer. */
export type RemovalRow = {
  /** `removal` */
  readonly kind: "removal";
  /** The layer that is left out, from 1. */
  readonly layer: number;
  /** The loss without it (nats). */
  readonly loss: number;
  /** How much more that is than the loss of the whole model (nats): ΔP. */
  readonly increase: number;
};

/** The variant with nothing at one layer: the stream passes, and all other layers keep their numbers. */
function without(layer: number, residual: Residual): Residual {
  return {
    ...residual,
    wiring: (site) => {
      const wiring = residual.wiring(site);
      const { norms, gate } = wiring;
      return site.layer === layer ? { norms, gate, update: (_, x) => x } : wiring;
    },
  };
}

/**
 * How much the loss rises when a layer is left out and nothing is trained again.
 *
 * Source: Sun et al. 2025 (The Curse of Depth), §2.1, and Chen et al. 2025 (GPAS), Fig. 7, with the loss in place of benchmarks.
 *
 * @param parameters The parameters.
 * @param config The configuration.
 * @param batch Rows of token ids, and the token that follows each.
 * @returns One row for each layer.
 */
export async function probeRemoval(
  parameters: DecoderParameters,
  config: DecoderConfig,
  batch: { readonly inputs: Tokens; readonly targets: Int32Array },
): Promise<RemovalRow[]> {
  requireOptions("probeRemoval()", batch, { inputs: "list", targets: "list" });
  const { inputs, targets } = batch;
  const { residual, depth } = completeConfig(config);
  const lossOf = (variant: Residual): Scalar =>
    tf.tidy(() =>
      crossEntropy(decoder(parameters, { ...config, residual: variant }, inputs), targets)
    );
  const variants = Array.from({ length: depth }, (_, i) => without(i + 1, residual));
  const [whole, ...losses] = await takeNumbers([residual, ...variants].map(lossOf));
  return losses.map((loss, i) => ({
    kind: "removal",
    layer: i + 1,
    loss,
    increase: loss - whole!,
  }));
}
