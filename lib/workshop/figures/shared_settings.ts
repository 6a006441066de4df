// The settings that recorded trainings share: one decoder, and the sweep of Xiong et al. 2020 beside which other figures are read.

import type { DecoderConfig } from "../../decoder/config.ts";
import type { Grid } from "./figure.ts";

/** Deep enough, and at the sweep's rates hard enough, that Post-LN without warm-up fails; small enough for two cores without a GPU. */
export const decoder: Omit<DecoderConfig, "vocabulary" | "residual"> = {
  context: 64,
  width: 64,
  depth: 8,
  heads: 4,
  bias: false,
  activation: "relu",
  init: "xavier",
};

/** Three learning rates, with and without warm-up, three seeds, 300 steps. */
export const sweep: Omit<Grid, "variants"> = {
  rates: [1e-3, 3e-3, 1e-2],
  warmups: [1, 100],
  seeds: [0, 1, 2],
  settings: {
    model: decoder,
    schedule: { kind: "constant", peak: 1e-3 },
    steps: 300,
    rows: 8,
    reportEvery: 20,
    evaluateEvery: 25,
    evaluationBatches: 4,
  },
};
