// Xiong et al. 2020, Figs. 2 and 4: how long the warm-up must be, whether SGD needs one, and whether RAdam does without.

import type { Grid, TrainingFigure } from "./figure.ts";
import { decoder, sweep } from "./shared_settings.ts";

const narrow: Omit<Grid, "rates" | "warmups"> = {
  variants: ["post-ln", "pre-ln"],
  seeds: [0, 1, 2],
  settings: {
    ...sweep.settings,
    model: { ...decoder, context: 32, width: 32 },
    steps: 600,
    rows: 4,
    reportEvery: 50,
    evaluateEvery: 50,
  },
};

/** No warm-up: RAdam has its own, whose length β₂ sets. */
const cold = { ...narrow, rates: [3e-3], warmups: [1] };

/**
 * Post-LN and Pre-LN with four lengths of warm-up; with two of them under SGD; and under RAdam without one. RAdam's default of β₂, beside
 * AdamW with it, is for Post-LN alone.
 */
export const warmupLength: TrainingFigure = {
  id: "warmup-length",
  title: "How long a warm-up must be, SGD and RAdam (Xiong et al. 2020, Figs. 2 and 4)",
  notebook: "01_pre_ln",
  grids: [
    { ...narrow, rates: [3e-3], warmups: [1, 20, 100, 400] },
    {
      ...narrow,
      label: "sgd",
      rates: [1],
      warmups: [1, 100],
      settings: { ...narrow.settings, optimizer: { kind: "sgd" } },
    },
    {
      ...cold,
      label: "radam",
      settings: { ...narrow.settings, optimizer: { kind: "radam" } },
    },
    ...(["adamw", "radam"] as const).map((kind): Grid => ({
      ...cold,
      variants: ["post-ln"],
      label: `${kind}-0.999`,
      settings: { ...narrow.settings, optimizer: { kind, betas: [0.9, 0.999] } },
    })),
  ],
  probes: ["w2"],
};
