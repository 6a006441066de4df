/**
 * Training: corpora, optimizers, schedules, clipping, the loop, and the record of a run.
 *
 * @module
 */

export { clipByNorm, clipFactor, type ClipOptions, globalNorm } from "./clip.ts";
export { type Batch, evenBatches, randomBatch } from "./batch.ts";
export {
  type Corpus,
  type CorpusOptions,
  encodeCorpus,
  makeCorpus,
  readCorpus,
  type ReadCorpusOptions,
} from "./corpus.ts";
export { gateWarnings, locateNonFinite } from "./diagnose.ts";
export { evaluate, type Evaluation } from "./evaluate.ts";
export { fineTune, type FineTuneOptions, type FineTuneResult } from "./fine_tune.ts";
export {
  loadTrainable,
  type SavedFolder,
  saveFineTuned,
  type Trainable,
} from "./fine_tune_folder.ts";
export { readText, type TextOptions } from "./text.ts";
export { type CharacterTokenizer, characterTokenizer, type Tokenizer } from "./tokenizer.ts";
export {
  decays,
  makeOptimizer,
  type Optimizer,
  type OptimizerSettings,
  type OptimizerState,
  type OptimizerStep,
} from "./optimizer.ts";
export { readRun, readRuns } from "./read_runs.ts";
export {
  type AnyRunRecord,
  type DataFacts,
  type FineTuneSettings,
  type Manifest,
  type Row,
  type RunRecord,
  type RunSettings,
  type Stop,
  type TextFacts,
  type TokenFacts,
  type TrainSettings,
  writeRun,
} from "./record.ts";
export { type FollowOptions, followRun, type RunView } from "./follow_run.ts";
export type { RunLength } from "./state_folder.ts";
export type { Amount } from "./subject.ts";
export type { SeenRun } from "./watched_runs.ts";
export { saveRun } from "./save_run.ts";
export { StateError } from "./state_file.ts";
export type { StateOptions } from "./state_folder.ts";
export type { DivergenceSettings } from "./divergence.ts";
export {
  makeSchedule,
  type Schedule,
  type ScheduleKind,
  type ScheduleSettings,
} from "./schedule.ts";
export {
  type AnglePoint,
  angularDistances,
  baselines,
  type DepthPoint,
  gateScales,
  gradientNorms,
  type GradientPoint,
  heldOutLosses,
  heldOutMeasures,
  inputDifferences,
  layerGradients,
  type LossPoint,
  normSizes,
  outputChanges,
  removalIncreases,
  type StepPoint,
  streamVariance,
  weightNorms,
} from "./series.ts";
export { type ModelForm, type Probe, train, type TrainOptions, type TrainResult } from "./train.ts";
