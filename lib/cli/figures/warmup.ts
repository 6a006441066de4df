// Xiong et al. 2020, Figs. 2 and 4: which variant needs warm-up, and up to which learning rate.

import type { Grid, TrainingFigure } from "./figure.ts";

const sweep: Omit<Grid, "variants"> = {
  rates: [1e-3, 3e-3, 1e-2],
  warmups: [1, 100],
  seeds: [0, 1, 2],
  settings: {
    model: {
      context: 64,
      width: 64,
      depth: 8,
      heads: 4,
      bias: false,
      activation: "relu",
      init: "xavier",
    },
    schedule: { kind: "constant", peak: 1e-3 },
    steps: 300,
    rows: 8,
    reportEvery: 20,
    evaluateEvery: 25,
    evaluationBatches: 4,
  },
};

/** Post-LN, Pre-LN and DeepNorm, with and without warm-up, at three learning rates. */
export const warmup: TrainingFigure = {
  id: "warmup",
  title: "Which variant needs warm-up (Xiong et al. 2020, Figs. 2 and 4)",
  notebook: "01_pre_ln",
  grids: [
    { ...sweep, variants: ["post-ln", "pre-ln"] },
    { ...sweep, variants: ["deep-norm"] },
  ],
  probes: ["stream", "w2"],
};
