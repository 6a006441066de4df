// One design's training as the page sees it: what was chosen, and what has been seen so far.

import type { VariantStyle } from "../../../plots/palette.ts";
import type { Row } from "../../../train/record.ts";
import type { Design } from "./choices.ts";
import type { Told } from "./messages.ts";

/** A number at a place. */
export interface Point {
  readonly x: number;
  readonly value: number;
}

/** What has been seen of a run. */
export interface Run {
  readonly design: Design;
  /** Its look in charts. */
  readonly style: VariantStyle;
  /** Its steps that were made, and whether it goes on. */
  readonly step: number;
  readonly state: "waiting" | "training" | "ended" | "failed";
  /** What it runs on; what made it end early or fail. */
  readonly device?: string;
  readonly message?: string;
  readonly vocabulary?: number;
  readonly parameters?: number;
  /** Tensors that were left when it ended. */
  readonly tensors?: number;
  /** The loss of each step, and the held-out ones. */
  readonly losses: readonly Point[];
  readonly heldOut: readonly Point[];
  /** What each step took that followed another one, in milliseconds. */
  readonly times: readonly number[];
  /** By layer, at the last look. */
  readonly variance: readonly Point[];
  readonly gradient: readonly Point[];
  /** The step of the last look. */
  readonly looked: number;
}

/** @returns A run of which nothing has been seen. */
export function newRun(design: Design, style: VariantStyle): Run {
  const nothing = { losses: [], heldOut: [], times: [], variance: [], gradient: [] };
  return { design, style, step: 0, looked: 0, state: "waiting", ...nothing };
}

/** A run after one more row, so many milliseconds after the one before. */
function withRow(run: Run, row: Row, milliseconds: number): Run {
  const { kind, step } = row;
  const number = (name: string): number => Number(row[name]);
  if (kind === "step") {
    const follows = run.step === step - 1 && run.looked < step - 1;
    const times = follows ? [...run.times, milliseconds] : run.times;
    return { ...run, step, times, losses: [...run.losses, { x: step, value: number("loss") }] };
  }
  if (kind === "evaluation") {
    return { ...run, heldOut: [...run.heldOut, { x: step, value: number("nats") }] };
  }
  if (kind !== "variance" && kind !== "gradient") return run;
  const before = step === run.looked ? run : { ...run, variance: [], gradient: [], looked: step };
  const point = { x: number("layer"), value: number("value") };
  return { ...before, [kind]: [...before[kind], point] };
}

/**
 * A run after its worker told something.
 *
 * @param run The run.
 * @param told What was told.
 * @returns The run as it is now.
 */
export function after(run: Run, told: Told): Run {
  switch (told.kind) {
    case "begun":
      return { ...run, state: "training", device: told.device, vocabulary: told.vocabulary };
    case "row":
      return withRow(run, told.row, told.milliseconds);
    case "ended": {
      const { stopped, parameters, tensors } = told;
      const why = stopped === undefined ? {} : { message: stopped };
      return { ...run, state: "ended", parameters, tensors, ...why };
    }
    case "failed":
      return { ...run, state: "failed", message: told.message };
  }
}
