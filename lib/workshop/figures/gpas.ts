// Chen et al. 2025, Figs. 4, 5 and 7, Tables 2 and 5: what learned scaling of the stream does in a small model.

import type { Grid, TrainingFigure } from "./figure.ts";
import { preLnScaled } from "./control_variants.ts";
import { decoder } from "./shared_settings.ts";

const adam: Grid = {
  variants: ["pre-ln", "pre-ln+gpas", "lns", preLnScaled],
  rates: [3e-4, 1e-3, 3e-3],
  warmups: [20],
  seeds: [0, 1, 2],
  settings: {
    model: { ...decoder, depth: 12 },
    schedule: { kind: "constant", peak: 1e-3 },
    steps: 200,
    rows: 8,
    reportEvery: 20,
    evaluateEvery: 25,
    evaluationBatches: 8,
  },
};

/** Pre-LN with GPAS, without it and without its stop-gradient, and LNS: three rates; four times as long; and under SGD. */
export const gpas: TrainingFigure = {
  id: "gpas",
  title: "Pre-LN with and without GPAS, and LNS (Chen et al. 2025)",
  notebook: "05_gpas",
  grids: [
    adam,
    {
      ...adam,
      label: "long",
      variants: ["pre-ln", "pre-ln+gpas", "lns"],
      settings: { ...adam.settings, steps: 800, reportEvery: 50, evaluateEvery: 100 },
    },
    {
      ...adam,
      label: "sgd",
      variants: ["pre-ln", "pre-ln+gpas", preLnScaled],
      rates: [0.1, 0.3, 1],
      settings: { ...adam.settings, optimizer: { kind: "sgd" } },
    },
  ],
  probes: ["stream", "gates", "w2", "angles", "removal"],
};
