// Chen et al. 2025, Figs. 4, 5 and 7, Tables 2 and 5: what learned scaling of the stream does in a small model.

import type { Grid, TrainingFigure } from "./figure.ts";
import { preLnScaled } from "./control_variants.ts";
import { decoder } from "./shared_settings.ts";

const adam: Grid = {
  variants: ["pre-ln", "pre-ln+gpas", "lns", preLnScaled],
  rates: [3e-4, 1e-3, 3e-3],
  warmups: [20],
  seeds: [0, 1, 2],
  settings: {
    model: { ...decoder, depth: 12 },
    schedule: { kind: "constant", peak: 1e-3 },
    steps: 200,
    rows: 8,
    reportEvery: 20,
    evaluateEvery: 25,
    evaluationBatches: 8,
  },
};

/**
 * Chen et al. 2025, §5.1 and released code, made small: LLaMA's layers, their weights' and embedding's start, a cosine to a tenth
 * after a warm-up of a tenth, Adam's usual momenta, no clipping.
 */
const papers = (peak: number): Grid => ({
  label: "llama",
  variants: ["pre-ln", "pre-ln+gpas"],
  rates: [peak],
  warmups: [100],
  seeds: [0, 1, 2],
  settings: {
    model: {
      ...{ context: 32, width: 64, depth: 6, heads: 4, bias: false },
      ...{ norm: "rms", eps: 1e-6, positions: "rotary", activation: "swiglu", hidden: 172 },
      ...{ init: "normal", embeddingStd: Math.sqrt(2 / 5) },
    },
    schedule: { kind: "cosine", peak, steps: 1000, floor: peak / 10 },
    optimizer: { kind: "adamw", betas: [0.9, 0.999] },
    steps: 1000,
    rows: 8,
    reportEvery: 50,
    evaluateEvery: 100,
    evaluationBatches: 8,
  },
});

/** Pre-LN with GPAS, without it and without its stop-gradient, and LNS: three rates; four times as long; under SGD; and GPAS in its paper's own regime. */
export const gpas: TrainingFigure = {
  id: "gpas",
  title: "Pre-LN with and without GPAS, and LNS (Chen et al. 2025)",
  notebook: "05_gpas",
  grids: [
    adam,
    {
      ...adam,
      label: "long",
      variants: ["pre-ln", "pre-ln+gpas", "lns"],
      settings: { ...adam.settings, steps: 800, reportEvery: 50, evaluateEvery: 100 },
    },
    {
      ...adam,
      label: "sgd",
      variants: ["pre-ln", "pre-ln+gpas", preLnScaled],
      rates: [0.1, 0.3, 1],
      settings: { ...adam.settings, optimizer: { kind: "sgd" } },
    },
    papers(1e-3), // theirs
    papers(3e-3),
  ],
  probes: ["stream", "gates", "w2", "angles", "removal"],
};
