// The naive arms of Jiang et al. 2023: Pre-LN decoders that are converted once, and then trained as what came out.

import { directForm, type TrainingFormName } from "../../convert/mod.ts";
import { disposeTree } from "../../core/tree.ts";
import { initDecoder } from "../../decoder/initialization.ts";
import { sha256Of } from "../../platform/hash.ts";
import { type DecoderTrainer, decoderTrainer, type Kept } from "../../sweep/trainer.ts";
import type { Corpus } from "../../train/corpus.ts";
import type { TrainSettings } from "../../train/record.ts";

/** The norms of the forms: a run whose settings name one is a naive arm. */
const formOfNorm: Readonly<Record<string, TrainingFormName>> = {
  rms: "pre-rmsnorm",
  "crms-padded": "pre-crmsnorm",
};

const formOf = ({ model: { norm = "layer" } }: TrainSettings): TrainingFormName | undefined =>
  formOfNorm[norm];

/**
 * The trainer of decoders, and of naive arms: those start where Pre-LN of their seed does.
 *
 * Seed and form determine that start. The hash is of them, and not of numbers that another machine may round elsewhere.
 *
 * @param corpus The text.
 * @param kept As of {@linkcode decoderTrainer}.
 * @returns The trainer.
 */
export function naiveTrainer(corpus: Corpus, kept: Kept): DecoderTrainer {
  const plain = decoderTrainer(corpus, kept);
  const hashOf: typeof plain.hashOf = (cell, backend) => {
    const hash = plain.hashOf(cell, backend);
    const form = formOf(cell.settings);
    return form === undefined ? hash : sha256Of(hash, `started as ${form}`);
  };
  return {
    ...plain,
    hashOf,
    train: async (cell, options) => {
      const { model: { norm: _, ...model }, seed } = cell.settings;
      const form = formOf(cell.settings);
      if (form === undefined) return plain.train(cell, options);
      const config = { ...model, vocabulary: corpus.tokenizer.vocabulary };
      const start = initDecoder(config, seed);
      const { parameters } = directForm(start, config, form);
      try {
        const { record, ...result } = await plain.train(cell, { ...options, parameters });
        const determines = hashOf(cell, record.manifest.backend);
        return { ...result, record: { ...record, manifest: { ...record.manifest, determines } } };
      } finally {
        disposeTree([start, parameters]);
      }
    },
  };
}
