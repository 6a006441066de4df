// Xiong et al. 2020, Figs. 2 and 4: which variant needs warm-up, and up to which learning rate.

import type { TrainingFigure } from "./figure.ts";
import { sweep } from "./shared_settings.ts";

/** Post-LN, Pre-LN and DeepNorm, with and without warm-up, at three learning rates. */
export const warmup: TrainingFigure = {
  id: "warmup",
  title: "Which variant needs warm-up (Xiong et al. 2020, Figs. 2 and 4)",
  notebook: "01_pre_ln",
  grids: [{ ...sweep, variants: ["post-ln", "pre-ln", "deep-norm"] }],
  probes: ["stream", "w2"],
};
