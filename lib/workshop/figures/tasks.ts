// The papers' own tasks: each variant of a task at its own learning rate, three seeds.

import type { TaskSettings } from "../../tasks/settings.ts";
import type { Figure, Grid } from "./figure.ts";

/** Variants under one warm-up. */
export interface Sweep {
  /** Warm-up steps; 1 is none. */
  readonly warmup: number;
  /**
   * Each variant with the learning rate at which all three seeds are: of those swept with seed 0 the one whose last held-out loss is the
   * lowest, or of several with three seeds the one whose mean is.
   */
  readonly chosen: Readonly<Record<string, number>>;
  /** Another rate with three seeds, of variants of which the lowest loss of seed 0 is no more than noise below that of the chosen one. */
  readonly beside?: Readonly<Record<string, number>>;
  /** Learning rates beside the common ones, for variants whose best one was the first or the last of those. */
  readonly further?: Readonly<Record<string, readonly number[]>>;
}

/** What shows variants beside each other on one of the papers' tasks. */
export interface TaskFigure extends Figure<TaskSettings> {
  /** What is swept, and what was chosen by that. */
  readonly sweeps: readonly Sweep[];
}

/** What tells a task's figure from the others. */
interface Plan extends Pick<TaskFigure, "sweeps"> {
  readonly title: string;
  /** The learning rates of all variants. */
  readonly rates: readonly number[];
  /** What all runs share. */
  readonly settings: Omit<TaskSettings, "seed">;
}

function gridsOf({ rates, settings, sweeps }: Plan): Grid<TaskSettings>[] {
  return sweeps.flatMap(({ warmup, chosen, beside = {}, further = {} }) => {
    const common = { warmups: [warmup], settings };
    return [
      { ...common, variants: Object.keys(chosen), rates, seeds: [0] },
      ...Object.entries(further).map(([variant, more]) => (
        { ...common, variants: [variant], rates: more, seeds: [0] }
      )),
      ...[chosen, beside].flatMap(Object.entries).map(([variant, rate]) => (
        { ...common, variants: [variant], rates: [rate], seeds: [1, 2] }
      )),
    ];
  });
}

const taskFigure = (plan: Plan): TaskFigure => ({
  id: plan.settings.task,
  title: plan.title,
  notebook: "08_tasks",
  grids: gridsOf(plan),
  sweeps: plan.sweeps,
});

/** Small enough for two cores without a GPU: width 32, rows of 16, 200 steps at a constant rate where nothing else is said. */
const shared = {
  schedule: { kind: "constant", peak: 1e-3 },
  steps: 200,
  rows: 16,
  reportEvery: 20,
  evaluateEvery: 100,
} as const;

/** What `deno task spoken-digits --speakers 40 --takes 1 --out .normkit/spoken_digits_40` makes. */
const spokenDigits = ".normkit/spoken_digits_40";

const layers = { width: 32, heads: 4 } as const;

/** The papers' tasks of texts, images and sounds; causal language modelling is what the other figures are of. */
export const taskFigures: readonly TaskFigure[] = [
  taskFigure({
    title: "Translation with and without warm-up (Xiong et al. 2020, Xie et al. 2023)",
    rates: [1e-3, 3e-3],
    settings: {
      ...shared,
      task: "translation",
      data: { from: "en", to: "de", vocabulary: 320 },
      model: { width: 64, heads: 4, encoderDepth: 3, decoderDepth: 3, dropout: 0.1 },
      schedule: { kind: "cosine", peak: 1e-3, steps: 600 },
      steps: 600,
      evaluateEvery: 600,
      evaluationBatches: 13,
    },
    sweeps: [
      {
        warmup: 100,
        chosen: {
          "post-ln": 3e-3,
          "pre-ln": 3e-3,
          "sub-ln": 3e-3,
          "deep-norm": 1e-2,
          "resi-dual": 3e-3,
        },
        beside: { "pre-ln": 1e-2, "deep-norm": 3e-3 },
        further: {
          "post-ln": [1e-2],
          "pre-ln": [1e-2, 3e-2],
          "sub-ln": [1e-2],
          "deep-norm": [1e-2, 3e-2],
          "resi-dual": [1e-2],
        },
      },
      {
        warmup: 1,
        chosen: { "post-ln": 1e-3, "pre-ln": 3e-3, "resi-dual": 3e-3 },
        further: { "post-ln": [3e-4], "pre-ln": [1e-2], "resi-dual": [1e-2] },
      },
    ],
  }),
  taskFigure({
    title: "Masked language modelling with and without warm-up (Xiong et al. 2020, BERT)",
    rates: [3e-4, 1e-3, 3e-3],
    settings: {
      ...shared,
      task: "masked-lm",
      data: { length: 32 },
      model: { ...layers, depth: 6 },
      steps: 600,
      evaluateEvery: 300,
      evaluationBatches: 16,
    },
    sweeps: [
      {
        warmup: 100,
        chosen: {
          "post-ln": 1e-3,
          "pre-ln": 3e-3,
          "sub-ln": 3e-3,
          "deep-norm": 3e-3,
          "resi-dual": 1e-3,
          "peri-ln": 3e-3,
          "pre-ln+gpas": 3e-3,
        },
        further: {
          "pre-ln": [1e-2],
          "sub-ln": [1e-2],
          "deep-norm": [1e-2],
          "peri-ln": [1e-2],
          "pre-ln+gpas": [1e-2],
        },
      },
      { warmup: 1, chosen: { "post-ln": 1e-3, "pre-ln": 3e-3 }, further: { "pre-ln": [1e-2] } },
    ],
  }),
  taskFigure({
    title: "Digits by a vision Transformer",
    rates: [1e-3, 3e-3, 1e-2],
    settings: {
      ...shared,
      task: "image-classification",
      model: { ...layers, depth: 6, patchSize: 7 },
      evaluationBatches: 32,
    },
    sweeps: [{
      warmup: 50,
      chosen: {
        "post-ln": 1e-3,
        "pre-ln": 3e-3,
        "sub-ln": 3e-3,
        "deep-norm": 3e-3,
        "resi-dual": 3e-3,
        "peri-ln": 1e-2,
        "pre-ln+gpas": 3e-3,
      },
      further: { "post-ln": [3e-4], "peri-ln": [3e-2] },
    }],
  }),
  taskFigure({
    title: "Hidden patches of digits, in BEiT's manner",
    rates: [1e-3, 3e-3, 1e-2],
    settings: {
      ...shared,
      task: "masked-image",
      objective: { patchSize: 7 },
      model: { ...layers, depth: 6 },
      steps: 400,
      evaluateEvery: 200,
      evaluationBatches: 32,
    },
    sweeps: [{
      warmup: 50,
      chosen: {
        "post-ln": 1e-3,
        "pre-ln": 3e-3,
        "sub-ln": 3e-3,
        "deep-norm": 3e-3,
        "resi-dual": 3e-3,
        "peri-ln": 1e-1,
        "pre-ln+gpas": 3e-3,
      },
      further: { "post-ln": [3e-4], "peri-ln": [3e-2, 1e-1, 3e-1] },
    }],
  }),
  taskFigure({
    title: "Captions of digits, by experts that share attention (Magneto's fifth modality)",
    rates: [1e-3, 3e-3, 1e-2],
    settings: {
      ...shared,
      task: "image-text",
      model: { ...layers, depth: 6 },
      steps: 400,
      evaluateEvery: 200,
      evaluationBatches: 32,
    },
    sweeps: [{
      warmup: 50,
      chosen: {
        "post-ln": 3e-4,
        "pre-ln": 3e-3,
        "sub-ln": 1e-3,
        "deep-norm": 3e-3,
        "resi-dual": 1e-3,
        "peri-ln": 3e-2,
        "pre-ln+gpas": 3e-3,
      },
      further: {
        "post-ln": [3e-4, 1e-4],
        "sub-ln": [3e-4],
        "resi-dual": [3e-4],
        "peri-ln": [3e-2],
      },
    }],
  }),
  taskFigure({
    title: "Spoken digits by a speech encoder",
    rates: [1e-3, 3e-3, 1e-2],
    settings: {
      ...shared,
      task: "keyword",
      data: { folder: spokenDigits, heldOutShare: 0.8 },
      model: { ...layers, depth: 4 },
      evaluateEvery: 200,
      evaluationBatches: 20,
    },
    sweeps: [{
      warmup: 50,
      chosen: {
        "post-ln": 3e-3,
        "pre-ln": 1e-2,
        "sub-ln": 1e-2,
        "deep-norm": 1e-2,
        "resi-dual": 1e-3,
        "peri-ln": 1e-3,
        "pre-ln+gpas": 1e-2,
      },
      further: {
        "pre-ln": [3e-2],
        "sub-ln": [3e-2],
        "deep-norm": [3e-2],
        "resi-dual": [3e-4],
        "peri-ln": [3e-4],
        "pre-ln+gpas": [3e-2],
      },
    }],
  }),
  taskFigure({
    title: "Letters of spoken digits by a speech encoder",
    rates: [1e-3, 3e-3, 1e-2],
    settings: {
      ...shared,
      task: "speech-ctc",
      data: { folder: spokenDigits, heldOutShare: 0.25 },
      model: { ...layers, depth: 4 },
      steps: 500,
      evaluateEvery: 250,
      evaluationBatches: 7,
    },
    sweeps: [{
      warmup: 50,
      chosen: {
        "post-ln": 1e-3,
        "pre-ln": 1e-2,
        "sub-ln": 1e-3,
        "deep-norm": 1e-2,
        "resi-dual": 1e-3,
        "peri-ln": 3e-2,
        "pre-ln+gpas": 3e-3,
      },
      further: {
        "post-ln": [3e-4],
        "pre-ln": [3e-2],
        "sub-ln": [3e-4],
        "deep-norm": [3e-2],
        "resi-dual": [3e-4],
        "peri-ln": [3e-2, 1e-1],
      },
    }],
  }),
];
