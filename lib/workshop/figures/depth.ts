// Xie et al. 2023, the tables' "fail": whether Post-LN in 16 layers fails, or was only not given the time, the rate and the warm-up.

import type { Grid, TrainingFigure } from "./figure.ts";
import { decoder, sweep } from "./shared_settings.ts";

const long: Omit<Grid, "variants" | "rates" | "warmups" | "seeds"> = {
  settings: {
    ...sweep.settings,
    model: { ...decoder, width: 32, depth: 16 },
    steps: 1000,
    rows: 4,
    reportEvery: 100,
    evaluateEvery: 50,
  },
};

/**
 * Sixteen narrow layers for 1000 steps: Post-LN with rates down to 0.0001 and warm-up up to 400, one seed each, and 1500 steps with three
 * where it begins to learn; and its first 300 steps beside ResiDual's, without warm-up.
 */
export const depth: TrainingFigure = {
  id: "depth",
  title: "Post-LN in 16 layers, given 1000 steps, and ResiDual beside it (Xie et al. 2023)",
  notebook: "03_residual",
  grids: [
    {
      ...long,
      variants: ["post-ln"],
      rates: [1e-4, 3e-4, 1e-3, 3e-3],
      warmups: [1, 400],
      seeds: [0],
    },
    {
      ...long,
      label: "longer",
      variants: ["post-ln"],
      rates: [3e-4],
      warmups: [400],
      seeds: [0, 1, 2],
      settings: { ...long.settings, steps: 1500 },
    },
    {
      ...long,
      label: "early",
      variants: ["post-ln", "resi-dual"],
      rates: [3e-3],
      warmups: [1],
      seeds: [0, 1, 2],
      settings: { ...long.settings, steps: 300 },
    },
  ],
  probes: ["w2", "inputs"],
};
