/**
 * The papers' own tasks: causal and masked language modelling, translation, images, speech; each with its data, its models, its loss and
 * what it is measured by. One function trains them all.
 *
 * ```ts
 * import { disposeTree, useBackend } from "@normkit/normkit";
 * import { completeTask, readTask, trainTask } from "@normkit/normkit/tasks";
 *
 * await useBackend();
 * const settings = completeTask({
 *   task: "image-classification",
 *   model: { residual: "peri-ln", width: 16, depth: 2 },
 *   steps: 3,
 *   evaluationBatches: 1,
 * });
 * const task = await readTask(settings);
 * const { parameters, record } = await trainTask(task, settings);
 * console.log(task.baseline.measured, record.rows.at(-1));
 * disposeTree(parameters);
 * ```
 *
 * @module
 */

export { causalLanguageModelling } from "./causal_lm.ts";
export { type Classification, classificationTask, type Labelled } from "./classification.ts";
export {
  fineTuneTask,
  type FineTuneTaskOptions,
  type FineTuneTaskResult,
  loadForTask,
  type TaskModel,
} from "./fine_tune_task.ts";
export { imageClassification } from "./image_classification.ts";
export { type HiddenCaptions, imageText, type ImageTextObjective } from "./image_text.ts";
export { withImageNorms } from "./image_norms.ts";
export { keywordSpotting } from "./keyword.ts";
export {
  maskedImageModelling,
  type MaskedImageObjective,
  type MaskedImages,
} from "./masked_image.ts";
export { maskedLanguageModelling, type MaskedLmObjective } from "./masked_lm.ts";
export { type ModelTokens, readModelTokens, type SentenceTokens } from "./model_tokens.ts";
export type { ModelKind, TaskKind } from "./models.ts";
export {
  completeTask,
  readTask,
  type ReadTokens,
  summaryOf,
  taskIds,
  tuningIds,
} from "./registry.ts";
export {
  type EncodedPair,
  type PairData,
  type PlacedPair,
  type Sentences,
  sentencesOf,
} from "./sentences.ts";
export type { ModelSettings, OpenTaskSettings, TaskSettings, TaskTuning } from "./settings.ts";
export { type FeatureDataset, type Features, featuresOf } from "./sounds.ts";
export { type ImageData, imagesOf, type SoundData, soundsOf } from "./sources.ts";
export { speechCtc } from "./speech_ctc.ts";
export type { TaskText } from "./task_text.ts";
export type { Baseline, BatchInputs, EvaluationSize, ExampleFacts, Learner, Task } from "./task.ts";
export { type Rows, rowsOf, type TextData } from "./texts.ts";
export type { TaskProbe } from "./subject.ts";
export { type TaskResult, trainTask, type TrainTaskOptions } from "./train_task.ts";
export { type SpokenBatch, type SpokenTexts, transcription } from "./transcription.ts";
export {
  type ClassifiedTexts,
  classifiedTextsOf,
  type LabelledTextData,
  type LabelledTokens,
  textClassification,
} from "./text_classification.ts";
export { translation, type TranslationObjective } from "./translation.ts";
export type { ModelTokenizer } from "../data/model_tokenizer.ts";
export type { Amount, Measured, Part } from "../train/subject.ts";
export type { Drawn, Start } from "../transformer/blueprint.ts";
export type { Transformer } from "../transformer/models.ts";
export { runBatch } from "../transformer/run.ts";
