// How the decoders of a race are trained: on a text, with every probe.

import type { Corpus } from "../train/corpus.ts";
import type { TrainSettings } from "../train/record.ts";
import { amountOfStep } from "../train/subject.ts";
import { train } from "../train/train.ts";
import { everyProbe, type Race } from "./race.ts";

/**
 * The training of decoders.
 *
 * @param settings The settings that they share.
 * @param corpus The text.
 * @param command The command, for the manifests.
 * @returns What a race needs of it.
 */
export function decoderTraining(
  settings: TrainSettings,
  corpus: Corpus,
  command: string,
): Pick<Race, "steps" | "perStep" | "train"> {
  const { model, steps, length = model.context } = settings;
  return {
    steps,
    perStep: amountOfStep({ count: length, unit: "tokens" }, settings),
    train: (residual, listen) =>
      train({ ...settings, model: { ...model, residual } }, corpus, {
        ...listen,
        ...everyProbe,
        command,
      }),
  };
}
