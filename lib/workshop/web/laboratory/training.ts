// The training of a design with what is watched of it: the loss of each step, and now and then its stream and gradients by layer.

import { groupBy } from "../../../core/collections.ts";
import type { Corpus } from "../../../train/corpus.ts";
import { type Probe, train, type TrainOptions, type TrainResult } from "../../../train/train.ts";
import { type GradientRow, probeGradients, probeStream } from "../../../probes/mod.ts";
import type { Design, Shared } from "./choices.ts";
import { settingsOf } from "./trial.ts";

/** The norm of each layer's gradient, of those of its parameters. */
function byLayer(rows: readonly GradientRow[]): { layer: number; norm: number }[] {
  const layers = groupBy(rows.filter(({ layer }) => layer > 0), ({ layer }) => layer);
  return [...layers].map(([layer, of]) => ({
    layer,
    norm: Math.sqrt(of.reduce((sum, { norm }) => sum + norm ** 2, 0)),
  }));
}

/** Variance of the stream behind each layer, and before the first one, and the gradient of each layer. */
const watch: Probe = async (parameters, config, batch) => {
  const stream = await probeStream(parameters, config, batch.inputs);
  const gradients = await probeGradients(parameters, config, batch);
  return [
    ...stream.filter(({ name }) => name === "blocks.1.resid_pre" || name.endsWith("resid_post"))
      .map(({ layer, variance }) => ({ kind: "variance", layer, value: variance })),
    ...byLayer(gradients).map(({ layer, norm }) => ({ kind: "gradient", layer, value: norm })),
  ];
};

/**
 * Trains a design.
 *
 * @param design What is trained.
 * @param shared What it has in common with the other design.
 * @param corpus The text.
 * @param options Who listens, and what ends it.
 * @returns The parameters, which the caller frees, and the record.
 * @throws {RangeError} If the library refuses the design.
 */
export function trainDesign(
  design: Design,
  shared: Shared,
  corpus: Corpus,
  options: Pick<TrainOptions, "signal" | "onRow">,
): Promise<TrainResult> {
  return train(settingsOf(design, shared), corpus, { ...options, probe: watch });
}
