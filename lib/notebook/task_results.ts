// What recorded runs of a task say of its variants: each at its own learning rate, beside the trivial baseline.

import { groupBy } from "../core/collections.ts";
import { extent, greatest, least } from "../core/extent.ts";
import { formatNumber } from "../plots/measurements.ts";
import type { AnyRunRecord, Row } from "../train/record.ts";

/** A variant of a task at its learning rate, under one warm-up. */
export interface VariantResult {
  /** The variant's id. */
  readonly variant: string;
  /** Warm-up steps; 1 is none. */
  readonly warmup: number;
  /** The learning rate: of those with the most seeds the one whose last held-out loss is the lowest in the mean. */
  readonly rate: number;
  /** What is measured at the end, by name: a number for each seed. A run whose loss was not finite counts as infinite nats. */
  readonly measured: Readonly<Record<string, readonly number[]>>;
  /** What is reached without looking at the input. */
  readonly baseline: Readonly<Record<string, number>>;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Measures that say how sure another one is, and no more. */
const bounds = ["low", "high"];

/** The numbers of a row. */
function numbersOf(row: Row | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(row ?? {}).filter(([name, value]) =>
      typeof value === "number" && name !== "step" && !bounds.includes(name)
    ),
  ) as Record<string, number>;
}

/** What a run measured at its end. */
function endOf({ manifest, rows }: AnyRunRecord): Record<string, number> {
  const measured = numbersOf(rows.findLast(({ kind }) => kind === "evaluation"));
  return manifest.stopped === undefined ? measured : { ...measured, nats: Infinity };
}

const seedOf = ({ manifest: { settings } }: AnyRunRecord): number => settings.seed;
const rateOf = ({ manifest: { settings } }: AnyRunRecord): number => settings.schedule.peak;
const meanNats = (runs: readonly AnyRunRecord[]): number =>
  mean(runs.map((run) => endOf(run)["nats"]!));

/** The runs at the learning rate that is chosen. */
function bestOf(runs: readonly AnyRunRecord[]): readonly AnyRunRecord[] {
  const rates = [...groupBy(runs, rateOf).values()];
  const most = greatest(rates.map(({ length }) => length));
  return rates.filter(({ length }) => length === most)
    .reduce((best, own) => meanNats(own) < meanNats(best) ? own : best);
}

function resultOf(runs: readonly AnyRunRecord[]): VariantResult {
  const best = bestOf(runs).toSorted((a, b) => seedOf(a) - seedOf(b));
  const ends = best.map(endOf);
  const { manifest: { variant, settings: { schedule } }, rows } = best[0]!;
  return {
    variant,
    warmup: schedule.warmup ?? 1,
    rate: rateOf(best[0]!),
    measured: Object.fromEntries(
      Object.keys(ends[0]!).map((name) => [name, ends.map((end) => end[name]!)]),
    ),
    baseline: numbersOf(rows.find(({ kind }) => kind === "baseline")),
  };
}

/**
 * What the runs of a task say of each variant and warm-up, at its best learning rate of those with the most seeds.
 *
 * @param runs Runs of one task that differ in variant, learning rate, warm-up and seed.
 * @returns The results, in the order in which the variants come first, those with warm-up before those without.
 */
export function taskResults(runs: readonly AnyRunRecord[]): VariantResult[] {
  const groups = groupBy(
    runs,
    ({ manifest: { variant, settings: { schedule } } }) => `${variant}/${schedule.warmup}`,
  );
  return [...groups.values()].map(resultOf)
    .sort((a, b) => b.warmup - a.warmup);
}

/** Mean, and in parentheses the least and the greatest. */
const spread = (values: readonly number[]): string => {
  const [low, high] = extent(values).map((value) => formatNumber(value));
  return `${formatNumber(mean(values))} (${low} to ${high})`;
};

/** Whether less of a measure is better. */
const isLoss = (name: string): boolean => /^nats$|Rate$/.test(name);

/** How far the mean is better than the baseline, and whether the worst seed is too. */
function marginOf({ measured, baseline }: VariantResult, name: string): string {
  const trivial = baseline[name];
  if (trivial === undefined) return "";
  const gains = measured[name]!.map((value) => isLoss(name) ? trivial - value : value - trivial);
  const margin = mean(gains);
  if (least(gains) > 0) return formatNumber(margin);
  return margin > 0 ? `${formatNumber(margin)}, not in every seed` : "does not beat it";
}

/** A measure beside `nats`, under a head that has its baseline. */
function columnOf(result: VariantResult, name: string): readonly [string, string] {
  const [trivial, cell] = [result.baseline[name], spread(result.measured[name]!)];
  if (trivial === undefined) return [name, cell];
  const margin = marginOf(result, name).replace(/^(?=[\d.])/, "margin ");
  return [`${name}, baseline ${formatNumber(trivial)}`, `${cell}; ${margin}`];
}

/**
 * Results as rows of a table: the mean of the seeds with the least and the greatest, and how far it is better than the baseline, in each
 * measure that has one.
 *
 * @param results The results of one task.
 * @returns A row for each, for `table()`.
 */
export function taskRows(results: readonly VariantResult[]): Record<string, string>[] {
  return results.map((result) => {
    const { variant, warmup, rate, measured, baseline } = result;
    const others = Object.keys(measured).filter((name) => name !== "nats");
    return {
      variant,
      "warm-up": warmup === 1 ? "none" : String(warmup),
      rate: String(rate),
      nats: spread(measured["nats"]!),
      baseline: baseline["nats"] === undefined ? "" : formatNumber(baseline["nats"]),
      margin: marginOf(result, "nats"),
      ...Object.fromEntries(others.map((name) => columnOf(result, name))),
    };
  });
}
