/**
 * Transformer normalization and residual design on TensorFlow.js: the norms, every published way to join a sub-layer to the
 * residual stream, GPAS on any of them, small Transformers, training and probes.
 *
 * ```ts
 * import { disposeTree, makeCorpus, train, useBackend } from "@normkit/normkit";
 *
 * await useBackend();
 * const corpus = makeCorpus("All visible objects, man, are but as pasteboard masks. ".repeat(40));
 * const { parameters, record } = await train({
 *   model: { context: 16, width: 16, depth: 2, heads: 2, residual: "peri-ln" },
 *   schedule: { kind: "constant", peak: 0.003 },
 *   seed: 0,
 *   steps: 5,
 *   rows: 4,
 * }, corpus);
 * console.log(record.rows.at(-1));
 * disposeTree(parameters);
 * ```
 *
 * @module
 */

export {
  countParameters,
  disposeTree,
  fillTree,
  type Leaf,
  leaves,
  mapTree,
  Random,
  type RandomState,
  type Scalar,
  type Tensor,
  tensorsOf,
  type Tree,
} from "./lib/core/mod.ts";
export {
  type BackendChoice,
  type BackendName,
  BackendUnavailableError,
  GpuError,
  InterruptedError,
  type Numbers,
  OutOfMemoryError,
  readAll,
  takeNumbers,
  type ValueAndGradient,
  valueAndGradient,
} from "./lib/backend/mod.ts";
export {
  type BackendInUse,
  type BackendOptions,
  type KernelReport,
  KernelUnavailableError,
  useBackend,
} from "./lib/kernels/mod.ts";
export {
  type CrmsLayout,
  crmsNorm,
  type CrmsNormOptions,
  crossEntropy,
  type CrossEntropyOptions,
  type CtcLabel,
  ctcLoss,
  type CtcOptions,
  type GateActivation,
  gpas,
  type GpasOptions,
  layerNorm,
  matMul,
  type NormKind,
  type NormOptions,
  rmsNorm,
} from "./lib/ops/mod.ts";
export {
  type Algebra,
  deepNorm,
  type End,
  findResidual,
  type Gating,
  type Init,
  type InitBase,
  lns,
  lnsGain,
  mixLn,
  type Norm,
  type NormPlace,
  type Parts,
  periLn,
  postLn,
  preLn,
  type Residual,
  resiDual,
  residuals,
  resPostNorm,
  type Role,
  sandwichLn,
  type ScaledMatrix,
  type Site,
  type StackName,
  type State,
  type StateWiring,
  type StreamWiring,
  type Sublayer,
  subLn,
  type Wiring,
  type WiringFacts,
  withGpas,
} from "./lib/residual/mod.ts";
export type { KeyValueStore } from "./lib/interpret/eager_attention.ts";
export type { KeysValues } from "./lib/model/interpreter.ts";
export * from "./lib/decoder/mod.ts";
export {
  type Batch,
  type CharacterTokenizer,
  type Corpus,
  type CorpusOptions,
  evaluate,
  type Evaluation,
  makeCorpus,
  type Manifest,
  type ModelForm,
  type OptimizerSettings,
  type Probe,
  readCorpus,
  type ReadCorpusOptions,
  readRun,
  readRuns,
  type Row,
  type RunRecord,
  type RunSettings,
  saveRun,
  type ScheduleKind,
  type ScheduleSettings,
  type Stop,
  type TextOptions,
  type Tokenizer,
  train,
  type TrainOptions,
  type TrainResult,
  type TrainSettings,
} from "./lib/train/mod.ts";
