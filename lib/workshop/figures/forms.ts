// Jiang et al. 2023, Figs. 6 and 7: Pre-LN trained as it is, through its cheaper forms, and as those.

import type { Grid, TrainingFigure } from "./figure.ts";
import { preLnDisturbed } from "./control_variants.ts";
import { naiveTrainer } from "./naive_arms.ts";
import { decoder } from "./shared_settings.ts";

/** With biases, which the forms must carry along. */
const { bias: _, ...biased } = decoder;

const grid: Grid = {
  label: "pre-ln",
  variants: ["pre-ln"],
  rates: [1e-3, 3e-3, 1e-2],
  warmups: [50],
  seeds: [0, 1, 2],
  settings: {
    model: biased,
    schedule: { kind: "constant", peak: 1e-3 },
    steps: 300,
    rows: 8,
    reportEvery: 5,
    evaluateEvery: 50,
    evaluationBatches: 4,
  },
};

/**
 * The same parameters, batches and steps in three forms, where all that differs is rounding; and two controls: Pre-LN from a start that
 * rounding tells apart, and the naive arm, Pre-RMSNorm's parameters trained themselves.
 */
export const forms: TrainingFigure = {
  id: "forms",
  title: "Pre-LN, Pre-RMSNorm and Pre-CRMSNorm train alike (Jiang et al. 2023, Figs. 6 and 7)",
  notebook: "04_pre_rmsnorm",
  grids: [
    grid,
    { ...grid, label: "pre-rmsnorm", form: "pre-rmsnorm" },
    { ...grid, label: "pre-crmsnorm", form: "pre-crmsnorm" },
    { ...grid, label: "disturbed", variants: [preLnDisturbed], rates: [3e-3] },
    {
      ...grid,
      label: "naive-pre-rmsnorm",
      rates: [3e-3],
      settings: { ...grid.settings, model: { ...biased, norm: "rms" } },
    },
  ],
  probes: [],
  trainer: naiveTrainer,
  digits: 9, // those of float32: the differences are of its last ones
};
