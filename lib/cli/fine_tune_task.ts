// `normkit train --from DIR --task ID`: a model of any kind, trained further for a task.

import { fineTuneTask, loadForTask } from "../tasks/fine_tune_task.ts";
import { withImageNorms } from "../tasks/image_norms.ts";
import { readModelTokens } from "../tasks/model_tokens.ts";
import { readTask } from "../tasks/registry.ts";
import { amountOfStep } from "../train/subject.ts";
import { UsageError } from "./command.ts";
import type { Prepare } from "./fine_tune.ts";
import { taskSettings } from "./train_tasks.ts";

/** A rate by which what a model knows is not lost. */
const gentle = { schedule: { peak: 5e-5 } };

/** For the task of `--task` or `--config`. */
export const prepareTask: Prepare = async (args) => {
  const { model: { dropout }, ...settings } = await taskSettings(args, {
    defaults: gentle,
    requireGiven: ({ model }) => {
      const [stranger] = Object.keys(model ?? {}).filter((name) => name !== "dropout");
      if (stranger === undefined) return;
      throw new UsageError(
        `Cannot use model.${stranger} with --from: the model in the folder is trained as it is`,
      );
    },
  });
  return async (source, reportEvery) => {
    const task = await withImageNorms(
      await readTask(settings, () => readModelTokens(source)),
      source.path,
    );
    const { notes, ...loaded } = await loadForTask(source, task, settings.seed);
    const whole = { reportEvery, ...settings, ...(dropout === undefined ? {} : { dropout }) };
    return {
      ...loaded,
      notes,
      data: task.data.name,
      steps: settings.steps,
      perStep: amountOfStep(task.example, settings),
      train: (options) => fineTuneTask(loaded, task, whole, options),
    };
  };
};
