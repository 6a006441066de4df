// The progress bar of a training, from the rows that it reports.

import type { Row } from "../train/record.ts";
import { type Progress, startProgress } from "./progress.ts";

/** A bar that listens to a training. */
export interface TrainingBar extends Disposable {
  /** Receives each row. */
  onRow(row: Row): void;
}

/** Tokens in a second since the first step that was seen, as words. */
function speedometer(tokens: number | undefined): (step: number) => string {
  let first: { readonly step: number; readonly time: number } | undefined;
  return (step) => {
    const time = performance.now();
    first ??= { step, time };
    if (tokens === undefined || time === first.time) return "";
    const speed = 1000 * tokens * (step - first.step) / (time - first.time);
    return ` ${Math.round(speed).toLocaleString("en")} tokens/s`;
  };
}

/**
 * A bar that appears with the first row, once the settings are checked; warnings go to stderr in any case.
 *
 * @param label What is trained.
 * @param steps The steps in all.
 * @param shown Whether there is a bar.
 * @param tokens Tokens of a step, where its speed is to be shown.
 * @returns The bar; disposed of, it stops.
 */
export function trainingBar(
  label: string,
  steps: number,
  shown: boolean,
  tokens?: number,
): TrainingBar {
  const speedAt = speedometer(tokens);
  let bar: Progress | undefined;
  let heldOut = "";
  return {
    onRow: (row) => {
      if (shown) bar ??= startProgress(label, steps);
      if (row.kind === "evaluation") heldOut = `held out ${Number(row["nats"]).toFixed(3)}`;
      if (row.kind === "step") {
        bar?.update(
          row.step,
          `loss ${Number(row["loss"]).toFixed(3)} ${heldOut}${speedAt(row.step)}`,
        );
      }
      if (row.kind === "evaluation") bar?.update(row.step, heldOut);
      if (row.kind === "warning") console.error(`\n  warning: ${row["message"]}`);
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}
