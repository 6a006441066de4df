// Wang et al. 2022 (Foundation Transformers), Tables 1 and 7: up to which learning rate a variant trains.

import type { TrainingFigure } from "./figure.ts";
import { sweep } from "./shared_settings.ts";

/** Pre-LN and Sub-LN, from a usual learning rate up to where they break. */
export const tolerance: TrainingFigure = {
  id: "tolerance",
  title:
    "Which learning rates Pre-LN and Sub-LN tolerate (Wang et al. 2022, Foundation Transformers)",
  notebook: "02_sub_ln",
  grids: [{
    ...sweep,
    variants: ["pre-ln", "sub-ln"],
    rates: [3e-3, 3e-2, 1e-1, 3e-1, 1],
    warmups: [100],
  }],
  probes: ["stream"],
};
