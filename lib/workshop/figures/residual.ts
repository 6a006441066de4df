// Xie et al. 2023, the ablation of warm-up and Fig. 2b: ResiDual beside Post-LN and Pre-LN, at two depths.

import type { TrainingFigure } from "./figure.ts";
import { decoder, sweep } from "./shared_settings.ts";

/** ResiDual in the sweep of `warmup`, whose runs it is read beside, and all three variants in 16 layers. */
export const residual: TrainingFigure = {
  id: "residual",
  title: "ResiDual with and without warm-up, in 8 and 16 layers (Xie et al. 2023)",
  notebook: "03_residual",
  grids: [
    { ...sweep, variants: ["resi-dual"] },
    {
      ...sweep,
      label: "deep",
      variants: ["post-ln", "pre-ln", "resi-dual"],
      rates: [1e-3, 3e-3],
      settings: { ...sweep.settings, model: { ...decoder, depth: 16 }, steps: 200 },
    },
  ],
  probes: ["stream", "w2", "inputs"],
};
