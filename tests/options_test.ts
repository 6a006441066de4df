// Every options object of the public API is checked: unknown keys with the nearest one, values of another kind, null. What takes
// options is read from the documentation, so that a new function is missed here until it has a row.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import * as checkpoint from "../lib/checkpoint/mod.ts";
import * as convert from "../lib/convert/mod.ts";
import * as data from "../lib/data/mod.ts";
import * as exports from "../lib/export/mod.ts";
import * as log from "../lib/log/mod.ts";
import * as notebook from "../lib/notebook/mod.ts";
import * as ops from "../lib/ops/mod.ts";
import * as plots from "../lib/plots/mod.ts";
import * as probes from "../lib/probes/mod.ts";
import * as sweeps from "../lib/sweep/mod.ts";
import * as tasks from "../lib/tasks/mod.ts";
import * as layers from "../lib/tfjs/mod.ts";
import * as training from "../lib/train/mod.ts";
import * as tf from "@tensorflow/tfjs";
import { checkout } from "../lib/workshop/checkout.ts";
import * as kit from "../mod.ts";
import { tinyTasks } from "./support/tiny_tasks.ts";

// What is handed over besides options is not read: they are looked at first.
// deno-lint-ignore no-explicit-any
const any = {} as any;

const tinyTask = tinyTasks["keyword"]!();
const taskSettings: Required<tasks.TaskSettings> = {
  task: "keyword",
  data: { folder: "none" },
  objective: {},
  model: { width: 4, heads: 1 },
  optimizer: { kind: "sgd" },
  schedule: { kind: "constant", peak: 1 },
  seed: 1,
  steps: 1,
  rows: 1,
  accumulate: 1,
  checkpointing: true,
  clip: 1,
  clipGates: 1,
  reportEvery: 1,
  evaluateEvery: 1,
  evaluationBatches: 1,
  divergence: {},
};

const { model: _model, ...withoutModel } = taskSettings;
const taskTuning: Required<tasks.TaskTuning> = { ...withoutModel, dropout: 0 };

const settings: kit.TrainSettings = {
  model: { context: 8, width: 8, depth: 1, heads: 1 },
  schedule: { kind: "constant", peak: 1 },
  seed: 0,
  steps: 1,
  rows: 1,
};

const sampling = {
  ...{ tokens: 1, temperature: 1, topK: 1, topP: 1, stop: [1], seed: 0 },
  signal: new AbortController().signal,
};

const beams: Required<kit.BeamOptions> = {
  ...{ start: [1], end: [1], maxTokens: 1, beams: 1, lengthPenalty: 1, earlyStopping: true },
  ...{ forcedFirst: 1, forcedLast: 1, minTokens: 1, suppressed: [1], suppressedFirst: [1] },
  ...{ badWords: [[1]], noRepeat: 1, noRepeatSource: 1, renormalize: true },
};

const config: kit.DecoderConfig = { vocabulary: 5, context: 8, width: 8, depth: 1, heads: 1 };

const { model: _, ...tuning } = settings;
const described: kit.DescribedDecoder = {
  spec: { stacks: {}, heads: [] },
  vocabulary: 5,
  context: 8,
};

const split = { heldOutShare: 0.1, seed: 0 };
const classes = { classes: [""], name: "" };

/** All options of a function, and a call with some. */
interface Row<T> {
  readonly all: Required<T>;
  readonly call: (options: T) => unknown;
}

// deno-lint-ignore no-explicit-any
type AnyRow = Row<any>;
const row = <T extends object>(all: Required<T>, call: (options: T) => unknown): AnyRow => ({
  all,
  call,
});

// deno-lint-ignore no-explicit-any
const tensor = { dataId: {} } as any;
// deno-lint-ignore no-explicit-any
const f = (() => {}) as any;
const norm = { gain: tensor, bias: tensor, eps: 1 };
const decoder: Required<kit.DecoderConfig> = {
  ...config,
  hidden: 1,
  residual: "pre-ln",
  norm: "layer",
  eps: 1,
  normEps: {},
  ends: [],
  positions: "learned",
  activation: "gelu",
  tied: true,
  bias: true,
  dropout: 0,
  init: "xavier",
  embeddingStd: 1,
  embeddingScale: 1,
};
const card = { title: "t", subtitle: "s", caption: "c", width: 1, height: 1 };
const batch = { inputs: [], targets: new Int32Array() };
const signal = new AbortController().signal;
const text = { encoding: "utf-8", keepLineEnds: true };
const corpus = { name: "n", heldOutShare: 0.5, keepLineEnds: true };
const withConfig = (call: (own: kit.DecoderConfig) => unknown): AnyRow => row(decoder, call);

/** Rows by function; one with several objects of options has several rows. */
const rows: Readonly<Record<string, readonly AnyRow[]>> = {
  accelerate: [
    row<layers.AccelerateOptions>(
      { inputs: [], measure: "predict", runs: 1 },
      (o) => layers.accelerate(any, o),
    ),
  ],
  useBackend: [
    row<kit.BackendOptions>({ kernels: "fused", threads: 1 }, (o) => kit.useBackend("cpu", o)),
  ],
  layerNorm: [row<kit.NormOptions>(norm, (o) => kit.layerNorm(tensor, o))],
  rmsNorm: [row<kit.NormOptions>(norm, (o) => kit.rmsNorm(tensor, o))],
  crmsNorm: [
    row<kit.CrmsNormOptions>({ ...norm, layout: "padded" }, (o) => kit.crmsNorm(tensor, o)),
  ],
  addNorm: [
    row<ops.AddNormOptions>(
      { ...norm, kind: "rms", alpha: 1 },
      (o) => ops.addNorm(tensor, tensor, o),
    ),
  ],
  halfNorm: [row<ops.HalfNormOptions>({ ...norm, kind: "rms" }, (o) => ops.halfNorm(any, o))],
  halfNormGradient: [
    row<ops.HalfNormOptions>({ ...norm, kind: "rms" }, (o) => ops.halfNormGradient(any, any, o)),
  ],
  crossEntropy: [
    row<ops.CrossEntropyOptions>(
      { ignore: -1, smoothing: 0.1 },
      (o) => ops.crossEntropy(tensor, any, o),
    ),
  ],
  decodeCtc: [
    row<kit.DecodeCtcOptions>(
      { classes: 2, blank: 0, beams: 1 },
      (o) => kit.decodeCtc([0, 1], o),
    ),
  ],
  ctcLoss: [
    row<ops.CtcOptions>(
      { lengths: [1], blank: 0 },
      (o) => ops.ctcLoss(tf.zeros([1, 1, 1]), [[]], o),
    ),
  ],
  gelu: [row<ops.GeluOptions>({ approximation: "tanh" }, (o) => ops.gelu(tensor, o))],
  gpas: [row<kit.GpasOptions>({ activation: "silu" }, (o) => kit.gpas(tensor, tensor, o))],
  addGpas: [
    row<ops.AddGpasOptions>(
      { activation: "silu", on: "sum", alpha: 1 },
      (o) => ops.addGpas(tensor, tensor, tensor, o),
    ),
  ],
  attention: [
    row<ops.AttentionOptions>(
      { scale: 1, causal: true, window: 1, keyLengths: [1] },
      (o) => ops.attention(tensor, tensor, tensor, o),
    ),
  ],
  rotary: [
    row<ops.RotaryOptions>(
      { base: 1, width: 2, order: "half", first: 0, speeds: [1], scale: 1, heads: 1 },
      (o) => ops.rotary(tensor, o),
    ),
  ],
  withGpas: [
    row({ activation: "tanh" as const, gate: "site" as const }, (o) => kit.withGpas(kit.preLn, o)),
  ],
  decoder: [
    row<kit.DecoderOptions>(
      { tap: f, dropout: new kit.Random(0), checkpointing: true, step: 1, store: any },
      (o) => kit.decoder(any, config, [[0]], o),
    ),
    withConfig((own) => kit.decoder(any, own, [[0]])),
  ],
  generate: [
    row<kit.GenerateOptions>(sampling, (o) => kit.generate(any, config, [0], o).next()),
    withConfig((own) => kit.generate(any, own, [0], { tokens: 1 }).next()),
  ],
  generateWith: [
    row<kit.GenerateOptions>(sampling, (o) => kit.generateWith(any, [0], o).next()),
  ],
  generateBatch: [
    row<kit.GenerateOptions>(sampling, (o) => kit.generateBatch(any, config, [[0]], o)),
    withConfig((own) => kit.generateBatch(any, own, [[0]], { tokens: 1 })),
  ],
  generateBatchWith: [
    row<kit.GenerateOptions>(sampling, (o) => kit.generateBatchWith(any, [[0]], o)),
  ],
  beamSearch: [row<kit.BeamOptions>(beams, (o) => kit.beamSearch(any, any, any, o))],
  translate: [
    row<kit.TranslateOptions>({ ...beams, batch: 1 }, (o) => kit.translate(any, any, [], o)),
  ],
  completeConfig: [withConfig((own) => kit.completeConfig(own))],
  initDecoder: [withConfig((own) => kit.initDecoder(own, 0))],
  readDecoder: [withConfig((own) => kit.readDecoder("", own))],
  readGates: [withConfig((own) => kit.readGates(any, own))],
  writeSafetensors: [
    row<checkpoint.WriteOptions>(
      { metadata: {}, onProgress: f },
      (o) => checkpoint.writeSafetensors("", [], o),
    ),
  ],
  writeShards: [
    row<checkpoint.ShardOptions>(
      { metadata: {}, onProgress: f, maxShardBytes: 1 },
      (o) => checkpoint.writeShards("", [], o),
    ),
  ],
  clipFactor: [
    row<training.ClipOptions>(
      { chosen: () => true, scale: tensor },
      (o) => training.clipFactor({}, 1, o),
    ),
  ],
  clipByNorm: [
    row<training.ClipOptions>(
      { chosen: () => true, scale: tensor },
      (o) => training.clipByNorm({}, 1, o),
    ),
  ],
  makeSchedule: [
    row<kit.ScheduleSettings>(
      { kind: "constant", peak: 1, warmup: 1, steps: 1, floor: 0 },
      training.makeSchedule,
    ),
  ],
  makeOptimizer: [
    row(
      { kind: "sgd" as const, momentum: 0 },
      (o) => training.makeOptimizer(o as kit.OptimizerSettings),
    ),
    row(
      { kind: "adamw" as const, betas: [0, 0] as const, eps: 1, weightDecay: 0 },
      (o) => training.makeOptimizer(o as kit.OptimizerSettings),
    ),
    row(
      { kind: "radam" as const, betas: [0, 0] as const, eps: 1, weightDecay: 0 },
      (o) => training.makeOptimizer(o as kit.OptimizerSettings),
    ),
  ],
  evaluate: [
    row({ rows: 1, length: 1, batches: 1 }, (o) => kit.evaluate(any, config, any, o)),
    withConfig((own) =>
      kit.evaluate(any, own, kit.makeCorpus("abcdefghij", { heldOutShare: 0.5 }), {
        rows: 1,
        length: 1,
        batches: 1,
      })
    ),
  ],
  randomBatch: [
    row({ rows: 1, length: 1 }, (o) => training.randomBatch(new Int32Array(9), o, any)),
  ],
  evenBatches: [
    row({ rows: 1, length: 1, batches: 1 }, (o) => training.evenBatches(new Int32Array(9), o)),
  ],
  makeCorpus: [row<kit.CorpusOptions>(corpus, (o) => kit.makeCorpus("abcdefgh", o))],
  encodeCorpus: [
    row<kit.CorpusOptions>(corpus, (o) => training.encodeCorpus("abcdefgh", any, o)),
  ],
  readCorpus: [row<kit.ReadCorpusOptions>({ ...corpus, ...text }, (o) => kit.readCorpus("", o))],
  digitGrids: [
    row<data.DigitGridOptions>({ ...split, count: 20 }, (o) => data.digitGrids(o)),
  ],
  cldrPhrases: [row<data.SplitOptions>(split, (o) => data.cldrPhrases("de", "en", o))],
  maskBlocks: [
    row<data.MaskBlocksOptions>(
      { share: 0.5 },
      (o) => data.maskBlocks([2, 2], new kit.Random(0), o),
    ),
  ],
  patchCodebook: [
    row<data.PatchCodebookOptions>(
      { patchSize: 1, codes: 2, patches: 4, seed: 0 },
      (o) => data.patchCodebook({ ...any, examples: [], height: 1, width: 1, channels: 1 }, o),
    ),
  ],
  maskTokens: [
    row<data.MaskTokensOptions>(
      { vocabulary: 5, mask: 4, special: [0], share: 0.5 },
      (o) => data.maskTokens([[1]], new kit.Random(0), o),
    ),
  ],
  holdOut: [row<data.HoldOutOptions>({ ...split, groups: [1] }, (o) => data.holdOut(any, o))],
  logMel: [
    row<data.LogMelOptions>(
      { rate: 1, mels: 1, window: 1, hop: 1 },
      (o) => data.logMel([], o),
    ),
  ],
  mnistDigits: [row<data.SplitOptions>(split, (o) => data.mnistDigits(o))],
  phraseLanguages: [row<data.SplitOptions>(split, (o) => data.phraseLanguages(o))],
  readTextFolder: [
    row<data.TextFolderOptions>(
      { ...classes, encoding: "", keepLineEnds: true },
      (o) => data.readTextFolder("", o),
    ),
  ],
  readIdx: [row<data.IdxOptions>(classes, (o) => data.readIdx("", "", o))],
  readImageFolder: [
    row<data.ImageFolderOptions>({ ...classes, channels: 1 }, (o) => data.readImageFolder("", o)),
  ],
  readPairs: [
    row<data.ReadPairsOptions>({ encoding: "", name: "" }, (o) => data.readPairs("", "", o)),
  ],
  readWaveFolder: [
    row<data.WaveFolderOptions>(
      { ...classes, rate: 1, seconds: 1, part: "all" },
      (o) => data.readWaveFolder("", o),
    ),
  ],
  trainTokenizer: [
    row<data.TrainTokenizerOptions>(
      { ...text, vocabulary: 1, specialTokens: [], minFrequency: 1 },
      (o) => data.trainTokenizer("", o),
    ),
  ],
  readText: [row<kit.TextOptions>(text, (o) => training.readText("", o))],
  train: [
    row<kit.TrainSettings>({
      ...settings,
      optimizer: { kind: "sgd" },
      length: 1,
      accumulate: 1,
      checkpointing: true,
      clip: 1,
      clipGates: 1,
      reportEvery: 1,
      evaluateEvery: 1,
      evaluationBatches: 1,
      divergence: {},
    }, (o) => kit.train(o, any)),
    row<training.DivergenceSettings>(
      { spike: 1, then: "stop", every: 1 },
      (divergence) => kit.train({ ...settings, divergence }, any),
    ),
    row<kit.TrainSettings["model"]>(
      { ...decoder, residual: "pre-ln" }, // with the vocabulary, which may be given too
      (model) => kit.train({ ...settings, model }, any),
    ),
    row<kit.TrainOptions>({
      residual: kit.preLn,
      parameters: any,
      form: f,
      signal,
      onRow: f,
      state: any,
      probe: f,
      label: "l",
      probes: any,
      command: "c",
      commit: "c",
    }, (o) => kit.train(settings, any, o)),
  ],
  completeTask: [row<tasks.TaskSettings>(taskSettings, (o) => tasks.completeTask(o))],
  readTask: [row<tasks.TaskSettings>(taskSettings, (o) => tasks.readTask(o))],
  trainSweep: [
    row<sweeps.TrainSweepOptions>(
      { signal, every: 1, retries: 0, onEnd: f, onFailure: f },
      (o) => sweeps.trainSweep(any, "none", o),
    ),
  ],
  trainTask: [
    row<tasks.TaskSettings>(taskSettings, (o) => tasks.trainTask(tinyTask.task, o)),
    row<tasks.TrainTaskOptions>({
      residual: kit.preLn,
      signal,
      onRow: f,
      state: any,
      probe: f,
      label: "l",
      probes: {},
      command: "c",
      commit: "c",
    }, (o) => tasks.trainTask(tinyTask.task, tinyTask.settings, o)),
  ],
  runBatch: [
    row<kit.RunOptions>(
      {
        store: any,
        keyLengths: [1],
        tap: f,
        dropout: new kit.Random(0),
        checkpointing: true,
        step: 1,
      },
      (o) => tasks.runBatch({}, described, {}, o),
    ),
  ],
  fineTuneTask: [
    row<tasks.TaskTuning>(
      taskTuning,
      (o) => tasks.fineTuneTask(any, tinyTask.task, o),
    ),
    row<tasks.FineTuneTaskOptions>({
      signal,
      onRow: f,
      state: any,
      probe: f,
      label: "l",
      probes: {},
      command: "c",
      commit: "c",
      source: "s",
    }, (o) => tasks.fineTuneTask(any, tinyTask.task, taskTuning, o)),
  ],
  fineTune: [
    row<training.FineTuneSettings>({
      ...tuning,
      dropout: 0,
      optimizer: { kind: "sgd" },
      length: 1,
      accumulate: 1,
      checkpointing: true,
      clip: 1,
      clipGates: 1,
      reportEvery: 1,
      evaluateEvery: 1,
      evaluationBatches: 1,
      divergence: {},
    }, (o) => training.fineTune({}, described, o, any)),
    row<training.FineTuneOptions>({
      signal,
      onRow: f,
      state: any,
      probe: f,
      source: "s",
      label: "l",
      probes: {},
      command: "c",
      commit: "c",
    }, (o) => training.fineTune({}, described, tuning, any, o)),
  ],
  followRun: [
    row<training.FollowOptions>(
      { pause: 1, signal },
      (o) => training.followRun("none", "none", o).next(),
    ),
  ],
  liveRuns: [
    row<notebook.LiveRunsOptions>(
      { draw: () => any, pause: 1, signal },
      (o) => notebook.liveRuns("none", o),
    ),
  ],
  writeLog: [
    row<log.LogOptions>(
      { to: "csv", out: "none", force: false, follow: false, signal, pause: 1 },
      (o) => log.writeLog(["none"], o),
    ),
  ],
  gateWarnings: [withConfig((own) => training.gateWarnings(any, own))],
  locateNonFinite: [
    withConfig((own) => training.locateNonFinite({} as kit.DecoderParameters, own, [[0]])),
  ],
  probeAll: [
    row(batch, (o) => probes.probeAll(any, config, o)),
    row({ inputs: { inputs: {} }, loss: f }, (o) => probes.probeAll(any, described, o)),
    withConfig((own) => probes.probeAll(any, own, batch)),
  ],
  probeGradients: [
    row(batch, (o) => probes.probeGradients(any, config, o)),
    withConfig((own) =>
      probes.probeGradients(
        { w: tf.zeros([1, 1]) } as unknown as kit.DecoderParameters,
        own,
        batch,
      )
    ),
  ],
  probeRemoval: [
    row(batch, (o) => probes.probeRemoval(any, config, o)),
    withConfig((own) => probes.probeRemoval(any, own, batch)),
  ],
  probeAngles: [withConfig((own) => probes.probeAngles(any, own, [[0]]))],
  probeAttention: [withConfig((own) => probes.probeAttention(any, own, [[0]]))],
  probeInputs: [withConfig((own) => probes.probeInputs(any, own, [[0]]))],
  probeNorms: [withConfig((own) => probes.probeNorms(any, own, [[0]]))],
  probeGates: [withConfig((own) => probes.probeGates(any, own))],
  probeBranches: [withConfig((own) => probes.probeBranches(any, own, [[0]]))],
  probeStream: [withConfig((own) => probes.probeStream(any, own, [[0]]))],
  convert: [
    row<convert.ConvertOptions>({ to: "pre-ln", tied: "keep" }, (o) => convert.convert(any, o)),
  ],
  saveModel: [
    row<convert.SaveOptions>(
      { dtype: "F32", maxShardBytes: 1, onProgress: f },
      (o) => convert.saveModel("", any, o),
    ),
  ],
  verify: [
    row<convert.VerifyOptions>({
      seed: 0,
      sequences: 1,
      tokens: [],
      text: [],
      tolerance: 1,
      unrounded: any,
      conversion: any,
    }, (o) => convert.verify(any, any, o)),
  ],
  openModel: [
    row<convert.OpenOptions>({ alibi: "exact" }, (o) => convert.openModel("", o)),
  ],
  runModel: [
    row<convert.ModelOptions>({ onLayer: f }, (o) => convert.runModel(convert.float64, any, {}, o)),
    row<convert.ModelInputs>(
      {
        tokens: [],
        source: [],
        pixels: any,
        features: any,
        waveform: any,
        video: any,
        spectrogram: any,
      },
      (o) => convert.runModel(convert.float64, any, o),
    ),
  ],
  trainingForm: [withConfig((own) => convert.trainingForm(any, own, "pre-rmsnorm"))],
  directForm: [withConfig((own) => convert.directForm(any, own, "pre-rmsnorm"))],
  decoderModel: [withConfig((own) => convert.decoderModel({} as kit.DecoderParameters, own))],
  normkitConfig: [withConfig((own) => convert.normkitConfig(own))],
  onnxBytes: [
    row<exports.OnnxOptions>(
      { rmsOperator: "RMSNormalization", dtype: "F32" },
      (o) => exports.onnxBytes(any, o),
    ),
  ],
  saveOnnx: [
    row<exports.SaveOnnxOptions>({
      rmsOperator: "RMSNormalization",
      dtype: "F32",
      maxFileBytes: 1,
      onProgress: f,
    }, (o) => exports.saveOnnx("", any, o)),
  ],
  angleHeatmap: [row<plots.CardOptions>(card, (o) => plots.angleHeatmap([], o))],
  armCurves: [
    row<plots.ArmOptions>(
      { ...card, quantity: "q", scale: "log", references: [] },
      (o) => plots.armCurves([], o),
    ),
  ],
  depthProfile: [
    row<plots.DepthOptions>({
      ...card,
      axis: "a",
      quantity: "q",
      unit: "u",
      scale: "log",
      theory: [],
    }, (o) => plots.depthProfile([], o)),
  ],
  gradientHeatmap: [
    row<plots.GradientOptions>({ ...card, quantity: "q" }, (o) => plots.gradientHeatmap([], o)),
  ],
  histogram: [
    row<plots.HistogramOptions>(
      { ...card, quantity: "q", range: [0, 1], bins: 1, marks: [] },
      (o) => plots.histogram([], o),
    ),
  ],
  kernelBars: [
    row<plots.BarOptions>(
      { ...card, quantity: "q", reference: { label: "l", value: 1 }, dots: true },
      (o) => plots.kernelBars([], o),
    ),
  ],
  variantPoints: [
    row<plots.PointOptions>(
      { ...card, quantity: "q", references: [] },
      (o) => plots.variantPoints([], o),
    ),
  ],
  wiringDiagram: [
    row<plots.WiringOptions>({ depth: 1 }, (o) => plots.wiringDiagram(kit.preLn, o)),
  ],
  wiringSheet: [
    row<plots.WiringOptions>({ depth: 1 }, (o) => plots.wiringSheet([kit.preLn], o)),
  ],
  lossCurves: [
    row<plots.LossOptions>(
      { ...card, quantity: "q", scale: "log", references: [] },
      (o) => plots.lossCurves([], o),
    ),
    row({ label: "l", value: 1 }, (o) => plots.lossCurves([], { title: "t", references: [o] })),
  ],
  sweepChart: [
    row<plots.SweepOptions>(
      { ...card, setting: "s", quantity: "q", scale: "log", theory: [] },
      (o) => plots.sweepChart([], o),
    ),
  ],
  phaseMap: [
    row<plots.PhaseOptions>(
      { ...card, x: "x", y: "y", quantity: "q" },
      (o) => plots.phaseMap([], o),
    ),
  ],
  toPng: [row<plots.PngOptions>({ scale: 1 }, (o) => plots.toPng("", o))],
  saveFigure: [row<plots.PngOptions>({ scale: 1 }, (o) => plots.saveFigure(any, "", o))],
  setup: [row({ seed: 0, backend: "cpu" as const }, (o) => notebook.setup(o))],
  check: [row({ near: 0, rtol: 0, atol: 0 }, (o) => notebook.check("c", 0, o))],
  claim: [
    row<notebook.Claim>({
      id: "i",
      paper: "p",
      claim: "c",
      setting: "s",
      ours: 1,
      spread: 1,
      papers: 1,
      verdict: "reproduced",
    }, (o) => notebook.claim(o)),
  ],
};

/** A value of another kind than one that fits. */
const otherThan = (value: unknown): unknown => typeof value === "number" ? "5" : 5;

/** Options of several kinds: what they are is looked at by the function itself. */
const severalKinds: readonly string[] = ["residual", "ours", "spread", "papers"];

const refused = async (call: () => unknown, ...words: string[]): Promise<string> => {
  const { message } = await assertRejects(async () => await call(), RangeError);
  for (const word of words) assertStringIncludes(message, word);
  return message;
};

for (const [name, ofFunction] of Object.entries(rows)) {
  for (const [at, { all, call }] of ofFunction.entries()) {
    Deno.test(`${name}() checks its options${at === 0 ? "" : ` (${at + 1})`}`, async () => {
      const keys = Object.keys(all);
      for (const wrong of [null, 5, "fast", []]) await refused(() => call(wrong), "Cannot use");
      for (const key of keys) {
        const slip = `${key}z`;
        const message = await refused(
          () => call({ ...all, [slip]: 1 }),
          `Cannot use the option "${slip}" of`,
          `did you mean "${key}"?`,
        );
        const known = /known are (.*)$/.exec(message)![1]!.split(", ");
        if (name !== "check") assertEquals(known.toSorted(), keys.toSorted());
        if (severalKinds.includes(key) && name !== "train") continue;
        await refused(() => call({ ...all, [key]: otherThan(all[key]) }), key);
        await refused(() => call({ ...all, [key]: null }), key);
      }
    });
  }
}

/** A parameter as `deno doc` writes it. */
interface Parameter {
  readonly kind: string;
  readonly left?: Parameter;
  readonly right?: string;
  readonly tsType?: {
    readonly kind: string;
    readonly repr: string;
    readonly typeRef?: { readonly typeName: string };
    // deno-lint-ignore no-explicit-any
    readonly value?: any;
  };
}

/** Whether a parameter is an object of options: one that callers write as a literal. */
function takesOptions(parameter: Parameter): boolean {
  const { left, tsType } = parameter;
  if (left !== undefined) return takesOptions(left);
  if (tsType === undefined) return false;
  const words = JSON.stringify(tsType);
  return tsType.kind === "typeLiteral" ||
    /"typeName":"(\w*(Options|Settings|Limits|Inputs)|DecoderConfig|Probed(?:Model|Batch)|OwnConfig|Expectation|Claim|Partial)"/
      .test(words);
}

/** Functions whose argument looks like options, and is data that they pass on or compare. */
const others: readonly string[] = [
  "deepNormScale", // takes a site, of which it reads the depth alone
];

Deno.test("every public function that takes options has a row here", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`)) as {
    exports: Record<string, string>;
  };
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...Object.values(exports)],
    cwd: checkout,
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, {
      symbols: { name: string; declarations: { kind: string; def: { params: Parameter[] } }[] }[];
    }>;
  };
  const functions = Object.values(nodes).flatMap(({ symbols }) => symbols).flatMap((
    { name, declarations },
  ) => declarations.filter(({ kind }) => kind === "function").map(({ def }) => ({ name, def })));
  assert(functions.length > 150, `deno doc lists ${functions.length} functions`);
  const taking = new Set(
    functions.filter(({ def }) => def.params.some(takesOptions)).map(({ name }) => name),
  );
  const missing = [...taking].filter((name) => !(name in rows) && !others.includes(name));
  assertEquals(missing, []);
  assertEquals(Object.keys(rows).filter((name) => !taking.has(name)), [], "rows without options");
});
