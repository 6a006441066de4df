// Xiong et al. 2020, Fig. 2: how long the warm-up must be, and whether SGD needs one.

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

/** Post-LN and Pre-LN with four lengths of warm-up; and with three of them under SGD, at rates on both sides of 1. */
export const warmupLength: TrainingFigure = {
  id: "warmup-length",
  title: "How long a warm-up must be, and SGD (Xiong et al. 2020, Fig. 2)",
  notebook: "01_pre_ln",
  grids: [
    { ...narrow, rates: [3e-3], warmups: [1, 20, 100, 400] },
    {
      ...narrow,
      label: "sgd",
      rates: [0.3, 1, 3],
      warmups: [1, 100, 400],
      settings: { ...narrow.settings, optimizer: { kind: "sgd" } },
    },
  ],
  probes: ["w2"],
};
