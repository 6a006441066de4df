// Wang et al. 2022 (DeepNet), Figs. 3c and 4: how far the first steps move a model, and what its norms read meanwhile.

import type { Grid, TrainingFigure } from "./figure.ts";
import { postLnInit } from "./control_variants.ts";
import { sweep } from "./shared_settings.ts";

const first: Omit<Grid, "variants" | "warmups"> = {
  ...sweep,
  label: "first",
  settings: {
    ...sweep.settings,
    steps: 50,
    reportEvery: 5,
    evaluateEvery: 5,
    evaluationBatches: 1,
  },
};

/** The first fifty steps of four designs, Post-LN with warm-up too, and Post-LN-init in the sweep of `warmup`. */
export const updates: TrainingFigure = {
  id: "updates",
  title: "Updates of the first steps, and Post-LN-init (Wang et al. 2022, DeepNet, Figs. 3 and 4)",
  notebook: "09_deepnorm",
  grids: [
    { ...first, variants: ["post-ln"], warmups: [1, 50] },
    { ...first, variants: [postLnInit, "pre-ln", "deep-norm"], warmups: [1] },
    { ...sweep, variants: [postLnInit], warmups: [1] },
  ],
  probes: ["w2"],
  during: ["output", "norms"],
};
