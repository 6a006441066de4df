// The progress bar of a training, from the rows that it reports: losses, how fast it is, and the time that is left.

import type { Row } from "../train/record.ts";
import type { RunLength } from "../train/state_folder.ts";
import { type Progress, startProgress } from "./progress.ts";

/** A bar that listens to a training. */
export interface TrainingBar extends Disposable {
  /** Receives rows, those that there are at the time. */
  onRows(rows: readonly Row[]): void;
}

/** A time in the two largest of its units. */
function wordsOf(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 100) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * How fast a training is, from the first step that is seen: what was made before it, in another process or unseen, tells nothing.
 *
 * @param length How long the training is.
 * @param now The time in milliseconds.
 * @returns From the step that it is at to words; none until a second step is seen.
 */
export function pace(
  { steps, perStep: { count, unit } }: RunLength,
  now: () => number,
): (step: number) => string {
  let first: { readonly step: number; readonly time: number } | undefined;
  return (step) => {
    const time = now();
    first = first !== undefined && step >= first.step ? first : { step, time }; // it may go back
    if (step === first.step || time === first.time) return "";
    const perSecond = 1000 * (step - first.step) / (time - first.time);
    const speed = count * perSecond;
    const amount = speed < 10 ? speed.toPrecision(2) : Math.round(speed).toLocaleString("en");
    return `${amount} ${unit}/s ${wordsOf((steps - step) / perSecond)} left`;
  };
}

/**
 * A bar that appears with the first row, once the settings are checked; warnings go to stderr in any case.
 *
 * @param label What is trained.
 * @param length How long it takes.
 * @param shown Whether there is a bar.
 * @returns The bar; disposed of, it stops.
 */
export function trainingBar(label: string, length: RunLength, shown: boolean): TrainingBar {
  const paceAt = pace(length, () => performance.now());
  let bar: Progress | undefined;
  let at = { step: 0, loss: "", heldOut: "" };
  return {
    onRows: (rows) => {
      for (const row of rows) {
        if (row.kind === "evaluation") {
          at = { ...at, step: row.step, heldOut: `held out ${Number(row["nats"]).toFixed(3)}` };
        }
        if (row.kind === "step") {
          at = { ...at, step: row.step, loss: `loss ${Number(row["loss"]).toFixed(3)}` };
        }
        if (row.kind === "warning") console.error(`\n  warning: ${row["message"]}`);
      }
      if (!shown || rows.length === 0) return;
      bar ??= startProgress(label, length.steps);
      const parts = [at.loss, at.heldOut, paceAt(at.step)];
      bar.update(at.step, parts.filter((part) => part !== "").join(" "));
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}
