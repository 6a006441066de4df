// A recorded grid: trainings that differ in variant, depth, learning rate, warm-up and seed alone, by their points; forms of a variant are told apart by their label.

import { groupBy } from "../../../core/collections.ts";
import { variantStyle } from "../../../plots/palette.ts";
import type { AnyRunRecord } from "../../../train/record.ts";
import { heldOutLosses } from "../../../train/series.ts";
import { designChoices } from "../laboratory/choices.ts";

/** The trainings of one point of a grid: one for each seed. */
export interface GridPoint {
  readonly variant: string;
  /** What tells its runs from others of the same settings, such as the form in which they were computed. */
  readonly label?: string;
  /** Its layers, where it says how many. */
  readonly depth?: number;
  readonly rate: number;
  readonly warmup: number;
  /** The held-out loss by step, a curve for each seed; null where it is not finite. */
  readonly curves: readonly (readonly (readonly [step: number, loss: number | null])[])[];
}

/** Points that can be compared. */
export interface Grid {
  /** What tells it from other grids of its folder, in words: another optimizer than AdamW, and the norm where one is named. */
  readonly setting: readonly string[];
  /** How many steps all of them have. */
  readonly steps: number;
  readonly points: readonly GridPoint[];
}

interface GridSettings {
  readonly model?: {
    readonly depth?: number;
    readonly residual?: string;
    readonly norm?: keyof typeof designChoices.norm.words;
  };
  readonly optimizer?: { readonly kind?: string };
  readonly schedule: { readonly peak: number; readonly warmup?: number };
  readonly steps: number;
  readonly seed: number;
}

const settingsOf = ({ manifest }: AnyRunRecord): GridSettings =>
  manifest.settings as unknown as GridSettings;

/** All that two runs must have in common to stand in one grid. */
function common(record: AnyRunRecord): string {
  const { seed: _, schedule: { peak: __, warmup: ___, ...schedule }, model, ...rest } = settingsOf(
    record,
  ) as GridSettings & { readonly model?: Record<string, unknown> };
  const { residual: ____, depth: _____, init: ______, ...shape } = model ?? {}; // a variant may have a start of its own
  return JSON.stringify([shape, schedule, rest]);
}

const digits = (value: number): number | null =>
  Number.isFinite(value) ? Number(value.toPrecision(5)) : null;

function pointOf(records: readonly AnyRunRecord[]): GridPoint {
  const { manifest: { variant, label } } = records[0]!;
  const { model: { depth } = {}, schedule: { peak: rate, warmup = 1 } } = settingsOf(records[0]!);
  const curves = records.map((one) =>
    heldOutLosses([one]).map(({ step, loss }) => [step, digits(loss)] as const)
  );
  return {
    variant,
    ...(label === undefined ? {} : { label }),
    ...(depth === undefined ? {} : { depth }),
    ...{ rate, warmup, curves },
  };
}

/**
 * The grids of recorded runs.
 *
 * @param records The runs of a figure.
 * @returns Those with more than one rate, warm-up or depth for a variant.
 */
export function gridsOf(records: readonly AnyRunRecord[]): Grid[] {
  const grids = [...groupBy(records, common).values()].map((of): Grid => {
    const points = groupBy(of, (one) => {
      const { variant, label } = one.manifest;
      const { model, schedule: { peak, warmup = 1 } } = settingsOf(one);
      return JSON.stringify([variant, label, model?.depth, peak, warmup]);
    });
    const { steps, model: { norm } = {}, optimizer: { kind = "adamw" } = {} } = settingsOf(of[0]!);
    const setting = [
      ...(norm === undefined ? [] : [designChoices.norm.words[norm]]),
      ...(kind === "adamw" ? [] : [kind.toUpperCase()]),
    ];
    return { setting, steps, points: [...points.values()].map(pointOf) };
  });
  return grids.filter(isSwept);
}

const isSwept = ({ points }: Grid): boolean =>
  new Set(points.map(({ variant }) => variant)).size < points.length;

/** @returns A point's variant in words, with what tells its runs from others of the same settings. */
export function armOf({ variant, label }: GridPoint): string {
  const name = variantStyle(variant).label;
  return label === undefined ? name : `${name} as ${label}`;
}

/** @returns How many layers a grid's points have, the fewest first; none where they do not say. */
export function depthsOf({ points }: Grid): number[] {
  const depths = points.flatMap(({ depth }) => depth === undefined ? [] : [depth]);
  return [...new Set(depths)].sort((a, b) => a - b);
}

/** @returns The mean over seeds of the last loss of a whole training; NaN where one has ended early, or is not finite. */
export function finalLoss({ curves }: GridPoint, steps: number): number {
  const last = curves.map((curve) => curve.at(-1));
  const losses = last.map((one) => one?.[0] === steps ? one[1] ?? NaN : NaN);
  return losses.reduce((sum, one) => sum + one, 0) / losses.length;
}
