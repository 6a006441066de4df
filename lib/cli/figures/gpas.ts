// Chen et al. 2025, Figs. 4 and 5 and Table 2: what learned scaling of the stream does in a small model.

import type { TrainingFigure } from "./figure.ts";

/** Pre-LN, Pre-LN with GPAS, and LayerNorm scaling, at one learning rate. */
export const gpas: TrainingFigure = {
  id: "gpas",
  title: "Pre-LN with and without GPAS, and LNS (Chen et al. 2025, Figs. 4 and 5)",
  notebook: "05_gpas",
  grids: [{
    variants: ["pre-ln", "pre-ln+gpas", "lns"],
    rates: [1e-3],
    warmups: [20],
    seeds: [0, 1, 2],
    settings: {
      model: {
        context: 64,
        width: 64,
        depth: 12,
        heads: 4,
        bias: false,
        activation: "relu",
        init: "xavier",
      },
      schedule: { kind: "constant", peak: 1e-3 },
      steps: 200,
      rows: 8,
      reportEvery: 20,
      evaluateEvery: 25,
      evaluationBatches: 8,
    },
  }],
  probes: ["stream", "gates", "w2"],
};
