// Wang et al. 2022 (Foundation Transformers), Tables 1 and 7: up to which learning rate a variant trains.

import type { Grid, TrainingFigure } from "./figure.ts";
import { decoder, sweep } from "./shared_settings.ts";

const deep: Omit<Grid, "rates" | "seeds"> = {
  label: "deep",
  variants: ["pre-ln", "sub-ln"],
  warmups: [50],
  settings: {
    ...sweep.settings,
    model: { ...decoder, context: 32, width: 32, depth: 36, heads: 2 },
    steps: 200,
    evaluateEvery: 100,
  },
};

/**
 * Pre-LN and Sub-LN, from a usual learning rate up to where they break: in eight layers, and in steps of 1.25 in 36, where five seeds say
 * how often a run still trains, and two do at the rates above, at which none does.
 */
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
  }, {
    ...deep,
    rates: [0.03, 0.064, 0.08, 0.1, 0.125, 0.156, 0.305],
    seeds: [0, 1, 2, 3, 4],
  }, {
    ...deep,
    rates: [0.195, 0.244],
    seeds: [0, 1],
  }],
  probes: ["stream"],
};
