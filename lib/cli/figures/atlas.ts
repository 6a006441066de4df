// Every variant of the registry in one setting: the atlas.

import { residuals } from "../../residual/registry.ts";
import type { TrainingFigure } from "./figure.ts";

/** All variants with one learning rate and a short warm-up, from their own starts. */
export const atlas: TrainingFigure = {
  id: "atlas",
  title: "All residual variants side by side",
  notebook: "06_atlas",
  grids: [{
    variants: residuals.map(({ id }) => id),
    rates: [2e-3],
    warmups: [50],
    seeds: [0, 1, 2],
    settings: {
      model: { context: 64, width: 64, depth: 8, heads: 4, bias: false, activation: "relu" },
      schedule: { kind: "constant", peak: 2e-3 },
      steps: 200,
      rows: 8,
      reportEvery: 20,
      evaluateEvery: 50,
      evaluationBatches: 4,
    },
  }],
  probes: ["stream", "gradients", "angles"],
};
