// What a design trains: the library's own settings.

import type { TrainSettings } from "../../../train/record.ts";
import type { Design, Shared } from "./choices.ts";

/** Sizes of models and batches by name. */
export const sizes = {
  small: { width: 32, heads: 4, context: 32, rows: 4 },
  medium: { width: 64, heads: 4, context: 64, rows: 8 },
  large: { width: 128, heads: 8, context: 128, rows: 8 },
} as const;

/** How often a run looks at what is held out, at its streams and gradients. */
const looks = 40;

/** @returns The id of a design's variant. */
export const variantOf = ({ variant, gpas }: Pick<Design, "variant" | "gpas">): string =>
  gpas === "yes" ? `${variant}+gpas` : variant;

/**
 * The settings of a training.
 *
 * @param design What is trained.
 * @param shared What it has in common with the other design.
 * @returns The settings, as `train()` takes them.
 */
export function settingsOf(design: Design, shared: Shared): TrainSettings {
  const { rows, ...model } = sizes[shared.size as keyof typeof sizes];
  return {
    model: {
      ...model,
      depth: design.depth,
      norm: design.norm as "layer",
      residual: variantOf(design),
    },
    schedule: { kind: "constant", peak: design.rate, warmup: design.warmup },
    seed: shared.seed,
    steps: shared.steps,
    rows,
    evaluateEvery: Math.max(2, Math.round(shared.steps / looks)),
    evaluationBatches: 2,
  };
}
