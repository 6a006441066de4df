// Ten residual variants in one setting: the atlas.

import type { Grid, TrainingFigure } from "./figure.ts";
import { decoder } from "./shared_settings.ts";

/** Each variant starts as its paper says. */
const { init: _, ...started } = decoder;

/** The variants that papers compare decoders with. */
const bases = [
  ...["post-ln", "pre-ln", "sub-ln", "deep-norm", "sandwich-ln"],
  ...["resi-dual", "mix-ln", "lns", "lns-gain", "peri-ln"],
];

/** The bases on which Chen et al. 2025 put gates, Table 2. */
const gated = ["pre-ln", "deep-norm", "sandwich-ln", "mix-ln", "lns"];

/** The same whose papers start them from N(0, 0.02²); LNS with a trained gain starts as LNS does. */
const normal = ["sandwich-ln", "mix-ln", "lns", "peri-ln"];

const ownStart: Grid = {
  variants: [...bases, ...gated.map((id) => `${id}+gpas`)],
  rates: [1e-3, 2e-3, 5e-3],
  warmups: [50],
  seeds: [0, 1, 2],
  settings: {
    model: started,
    schedule: { kind: "constant", peak: 2e-3 },
    steps: 200,
    rows: 8,
    reportEvery: 20,
    evaluateEvery: 50,
    evaluationBatches: 4,
  },
};

/**
 * These variants, and the paper's bases with GPAS, at three learning rates with a short warm-up: from their papers' starts, and,
 * where that is N(0, 0.02²), from the others' too. At width 64 the former is a stream of variance 0.0008 and the latter one of 1, so
 * that two variants with different starts differ in more than their equations.
 */
export const atlas: TrainingFigure = {
  id: "atlas",
  title: "Ten residual variants side by side, and GPAS on five of them",
  notebook: "06_atlas",
  grids: [ownStart, {
    ...ownStart,
    label: "matched",
    variants: normal,
    settings: { ...ownStart.settings, model: decoder },
  }],
  probes: ["stream", "angles", "removal"],
};
