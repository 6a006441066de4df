// The laboratory's charts: loss by step, variance of the stream and gradient by layer, both designs on one axis.

import type { Figure } from "../../../plots/figure.ts";
import { type Guide, lineChart } from "../../../plots/line_chart.ts";
import { formatNumber, nonFiniteNotes } from "../../../plots/measurements.ts";
import { armStyle, type VariantStyle, variantStyle } from "../../../plots/palette.ts";
import type { Series } from "../../../plots/series.ts";
import type { Experiment, Shared } from "./choices.ts";
import type { Point, Run } from "./run.ts";
import { sizes, variantOf } from "./trial.ts";

/** Two runs. */
export type Runs = readonly [Run, Run];

const names = ["A", "B"] as const;

/** What two designs are called: each by its variant and by what it has otherwise than the other. */
export function designNames({ designs }: Pick<Experiment, "designs">): readonly string[] {
  const words = designs.map(({ norm, depth, rate, warmup }) => [
    norm,
    `${depth} layers`,
    `rate ${rate}`,
    warmup === 1 ? "no warm-up" : `warm-up ${warmup}`,
  ]);
  return designs.map((design, at) => {
    const own = words[at]!.filter((word, which) => word !== words[1 - at]![which]);
    return [variantStyle(variantOf(design)).label, ...own].join(", ");
  });
}

/**
 * The looks of two designs: those of their variants, or, where these are the same, two that can be told apart.
 *
 * @param experiment The experiment.
 * @returns The look of each.
 */
export function stylesOf(experiment: Experiment): readonly [VariantStyle, VariantStyle] {
  const ids = experiment.designs.map(variantOf);
  return designNames(experiment).map((name, at) => {
    const label = `${names[at]}: ${name}`;
    return ids[0] === ids[1] ? armStyle(label, 2 * at) : { ...variantStyle(ids[at]!), label };
  }) as unknown as readonly [VariantStyle, VariantStyle];
}

/** What a chart of both runs shows. */
interface Content {
  readonly title: string;
  readonly subtitle: string;
  readonly x: string;
  readonly y: string;
  readonly scale: "linear" | "log";
  readonly pointsOf: (run: Run) => readonly Point[];
  readonly guides?: readonly Guide[];
  readonly markerEvery?: number;
  readonly notes?: readonly string[];
}

/** A chart of both runs, or undefined while there is nothing to draw. */
function chartOf(runs: Runs, content: Content, width: number): Figure | undefined {
  const { pointsOf, scale } = content;
  const canStand = (value: number): boolean =>
    Number.isFinite(value) && (scale === "linear" || value > 0);
  const series = runs.map((run, at): Series => ({
    variant: names[at]!,
    seeds: 1,
    points: pointsOf(run).map(({ x, value }) => {
      const mean = canStand(value) ? value : NaN;
      return { x, mean, low: mean, high: mean };
    }),
  }));
  const drawn = series.filter(({ points }) => points.some(({ mean }) => Number.isFinite(mean)));
  if (drawn.length === 0) return undefined;
  const missing = runs.flatMap((run) => pointsOf(run)).map(({ value }) =>
    canStand(value) ? value : NaN
  );
  return lineChart({
    series: drawn,
    guides: content.guides ?? [],
    xLabel: content.x,
    yLabel: scale === "log" ? `${content.y}, log scale` : content.y,
    scale,
    markerEvery: content.markerEvery ?? 1,
    notes: [...nonFiniteNotes(missing), ...(content.notes ?? [])],
    styleOf: (name) => runs[name === "A" ? 0 : 1].style,
  }, { title: content.title, subtitle: content.subtitle, width, height: 330 });
}

/** The last finite value of some points. */
const lastOf = (points: readonly Point[]): Point | undefined =>
  points.findLast(({ value }) => Number.isFinite(value));

/** Which design is ahead at the last step that both have made. */
function lossFinding([a, b]: Runs): string {
  const step = Math.min(a.step, b.step);
  const [first, second] = [a, b].map(({ losses }) => losses.find(({ x }) => x === step)?.value);
  if (first === undefined || second === undefined) return "Loss by step";
  if (!Number.isFinite(first - second)) return `At step ${step} one of the losses is not finite`;
  const [ahead, other] = first <= second ? names : [names[1], names[0]];
  const gap = Math.abs(first - second);
  return gap === 0
    ? `At step ${step} both designs have the same loss`
    : `At step ${step} design ${ahead} is ${formatNumber(gap, 2)} nats ahead of ${other}`;
}

/**
 * The charts of an experiment.
 *
 * @param runs What has been seen of both designs.
 * @param shared What both have in common; the axis of the loss ends with the last step of a whole run.
 * @param width The width of each in pixels.
 * @returns The charts by name; undefined while there is nothing to draw.
 */
export function chartsOf(
  runs: Runs,
  { size, steps }: Shared,
  width: number,
): Readonly<Record<"loss" | "variance" | "gradient", Figure | undefined>> {
  const { rows, context, ...model } = sizes[size as keyof typeof sizes];
  const guess = Math.log(runs[0].vocabulary ?? runs[1].vocabulary ?? 1);
  const most = 2 * guess; // a loss that has left this is off the chart, so that the other design can still be seen
  const cut = runs.flatMap(({ losses }) => losses).filter(({ value }) => value > most).length;
  const looked = runs.map(({ looked }, at) => `${names[at]} at step ${looked}`).join(", ");
  const byLayer = { subtitle: looked, x: "Layer", scale: "log" } as const;
  return {
    loss: chartOf(runs, {
      title: lossFinding(runs),
      subtitle:
        `Loss of each step's batch of ${rows} × ${context} characters, width ${model.width}`,
      x: "Step",
      y: "Loss (nats per character)",
      scale: "linear",
      pointsOf: ({ losses }) =>
        losses.map(({ x, value }) => ({ x, value: value > most ? NaN : value })),
      guides: [{
        label: "Guessing",
        points: [{ x: 1, y: guess }, { x: Math.max(steps, 2), y: guess }],
      }],
      markerEvery: Math.max(1, Math.ceil(steps / 5)),
      notes: cut === 0 ? [] : [`${cut} above ${formatNumber(most)} are off the chart`],
    }, width),
    variance: chartOf(runs, {
      ...byLayer,
      title: "Variance of the stream behind each layer",
      y: "Stream variance",
      pointsOf: ({ variance }) => variance,
    }, width),
    gradient: chartOf(runs, {
      ...byLayer,
      title: "Gradient of each layer's parameters",
      y: "Gradient norm",
      pointsOf: ({ gradient }) => gradient,
    }, width),
  };
}

/** The number in the middle of some. */
const middle = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

/** A run's numbers in words, for the table below the charts. */
export function numbersOf(run: Run): Readonly<Record<string, string>> {
  const number = (points: readonly Point[]): string => {
    const last = lastOf(points);
    return last === undefined ? "–" : `${formatNumber(last.value)} (step ${last.x})`;
  };
  return {
    Step: run.state === "waiting" ? "–" : String(run.step),
    "Loss of a batch": number(run.losses),
    "Held-out loss": number(run.heldOut),
    "Time of a step": run.times.length === 0 ? "–" : `${formatNumber(middle(run.times), 3)} ms`,
    Parameters: run.parameters?.toLocaleString("en") ?? "–",
  };
}
