// What a training-dynamics figure is: grids of runs, as data.

import type { TrainingFormName } from "../../convert/mod.ts";
import type { Residual } from "../../residual/types.ts";
import type { Cell, decoderTrainer, Kept, VariantSettings } from "../../sweep/trainer.ts";
import type { TrainSettings } from "../../train/record.ts";

/** Runs that differ in variant, learning rate, warm-up and seed alone. */
export interface Grid<S extends VariantSettings = TrainSettings> {
  /** Begins the names of the runs, where a figure has several grids that differ in something else; none by default. */
  readonly label?: string;
  /** What is compared: ids of variants, or variants of the figure's own. */
  readonly variants: readonly (string | Residual)[];
  /** Peak learning rates, swept for each variant. */
  readonly rates: readonly number[];
  /** Warm-up steps, swept for each variant; 1 is none. */
  readonly warmups: readonly number[];
  /** The seeds; at least three of each setting that a figure shows, for the bands. */
  readonly seeds: readonly number[];
  /** The form in which the loss is computed; as the parameters are by default. */
  readonly form?: TrainingFormName;
  /** What all runs share; the variant, the rate, the warm-up and the seed of a run replace those here. */
  readonly settings: Omit<S, "seed">;
}

/** A figure of a notebook that is drawn from recorded runs. */
export interface Figure<S extends VariantSettings = VariantSettings> {
  /** The argument of `deno task reproduce`, and the folder under `data/runs`. */
  readonly id: string;
  /** What it shows, in a line. */
  readonly title: string;
  /** The notebook that draws it, such as `01_pre_ln`. */
  readonly notebook: string;
  /** Its runs. */
  readonly grids: readonly Grid<S>[];
}

/** A figure of decoders, whose insides are looked at. */
export interface TrainingFigure extends Figure<TrainSettings>, Kept {
  /** What is looked at in the trained models. */
  readonly probes: NonNullable<Kept["probes"]>;
  /** What trains them, where it is more than {@linkcode decoderTrainer}. */
  readonly trainer?: typeof decoderTrainer;
}

function runsOfGrid<S extends VariantSettings>(grid: Grid<S>): Cell<S>[] {
  const { label, variants, rates, warmups, seeds, settings, form } = grid;
  const points = seeds.flatMap((seed) =>
    variants.flatMap((variant) =>
      rates.flatMap((peak) => warmups.map((warmup) => ({ variant, peak, warmup, seed })))
    )
  );
  return points.map(({ variant, peak, warmup, seed }) => {
    const residual = typeof variant === "string" ? variant : variant.id;
    const own = {
      ...settings,
      model: { ...settings.model, residual },
      schedule: { ...settings.schedule, peak, warmup },
      seed,
    };
    return {
      name: [label, residual, `lr${peak}`, `warmup${warmup}`, `seed${seed}`]
        .filter((part) => part !== undefined).join("_"),
      settings: own as VariantSettings as S,
      ...(typeof variant === "string" ? {} : { residual: variant }),
      ...(form === undefined ? {} : { form }),
    };
  });
}

/**
 * Every run of a figure: grid by grid, and the first seed of all variants before the second of any.
 *
 * @param figure The figure.
 * @returns Its runs, names unique.
 * @throws {RangeError} If two runs have one name: the grids need labels.
 */
export function runsOf<S extends VariantSettings>(figure: Figure<S>): Cell<S>[] {
  const runs = figure.grids.flatMap(runsOfGrid);
  const names = runs.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(
      `Cannot name two runs of ${figure.id} ${twice}: give the grids different labels`,
    );
  }
  return runs;
}
