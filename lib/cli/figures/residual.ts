// Xie et al. 2023, the ablation of warm-up: ResiDual in the grid of `warmup`, whose runs it is read beside.

import type { TrainingFigure } from "./figure.ts";
import { warmup } from "./warmup.ts";

/** ResiDual, with and without warm-up, at the middle learning rate of {@linkcode warmup}. */
export const residual: TrainingFigure = {
  id: "residual",
  title: "ResiDual with and without warm-up (Xie et al. 2023, the ablation of warm-up)",
  notebook: "03_residual",
  grids: warmup.grids.slice(0, 1).map((grid) => ({
    ...grid,
    rates: [3e-3],
    variants: ["resi-dual"],
  })),
  probes: ["stream", "w2"],
};
