// Xie et al. 2023, the ablation of warm-up and Fig. 2b: ResiDual beside Post-LN and Pre-LN, at two depths.

import type { TrainingFigure } from "./figure.ts";
import { warmup } from "./warmup.ts";

const { settings, ...sweep } = warmup.grids[0]!;

/** ResiDual in the grid of {@linkcode warmup}, whose runs it is read beside, and all three variants in 16 layers. */
export const residual: TrainingFigure = {
  id: "residual",
  title: "ResiDual with and without warm-up, in 8 and 16 layers (Xie et al. 2023)",
  notebook: "03_residual",
  grids: [
    { ...sweep, settings, variants: ["resi-dual"] },
    {
      ...sweep,
      label: "deep",
      variants: ["post-ln", "pre-ln", "resi-dual"],
      rates: [1e-3, 3e-3],
      settings: { ...settings, model: { ...settings.model, depth: 16 }, steps: 200 },
    },
  ],
  probes: ["stream", "w2", "inputs"],
};
