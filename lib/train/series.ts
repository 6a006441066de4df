// From run records to the rows that charts take: losses by step, the stream by depth, gradients by depth.

import type { AnyRunRecord, Row } from "./record.ts";

/** A held-out loss at a step. */
export interface LossPoint {
  /** The variant's id. */
  readonly variant: string;
  /** Seed of the run that it was measured in. */
  readonly seed: number;
  /** The optimizer step. */
  readonly step: number;
  /** Nats per token. */
  readonly loss: number;
}

/** A quantity at a depth. */
export interface DepthPoint {
  /** The variant's id. */
  readonly variant: string;
  /** Seed of the run that it was measured in. */
  readonly seed: number;
  /** The stack, where the model has several. */
  readonly stack?: string;
  /** The layer; 0 is the embedding. */
  readonly layer: number;
  /** The quantity. */
  readonly value: number;
}

/** A quantity at a step. */
export interface StepPoint {
  /** The variant's id. */
  readonly variant: string;
  /** Seed of the run that it was measured in. */
  readonly seed: number;
  /** The optimizer step. */
  readonly step: number;
  /** The quantity. */
  readonly value: number;
}

/** The angular distance of the stream between two depths. */
export interface AnglePoint {
  /** The variant's id. */
  readonly variant: string;
  /** Seed of the run that it was measured in. */
  readonly seed: number;
  /** Layers before the first place. */
  readonly from: number;
  /** Layers before the second place. */
  readonly to: number;
  /** arccos(cosine) / π. */
  readonly value: number;
}

/** The gradient of a parameter. */
export interface GradientPoint {
  /** The variant's id. */
  readonly variant: string;
  /** The layer, from 1. */
  readonly layer: number;
  /** The parameter's path inside its layer; behind its stack, where the model has several. */
  readonly parameter: string;
  /** The gradient's norm. */
  readonly norm: number;
}

const identity = ({ manifest }: AnyRunRecord): { variant: string; seed: number } => ({
  variant: manifest.variant,
  seed: manifest.settings.seed,
});

/** The stack that a row names. */
const stackOf = ({ stack }: Row): { readonly stack?: string } =>
  stack === undefined ? {} : { stack: String(stack) };

/** Rows of one kind at a step, the last one by default. */
function rowsAt({ rows }: AnyRunRecord, kind: string, step?: number): Row[] {
  const ofKind = rows.filter((row) => row.kind === kind);
  const wanted = step ?? ofKind.at(-1)?.step;
  return ofKind.filter((row) => row.step === wanted);
}

/**
 * Held-out losses of runs.
 *
 * @param records The runs.
 * @returns One row for each evaluation, in nats per token.
 */
export function heldOutLosses(records: readonly AnyRunRecord[]): LossPoint[] {
  return records.flatMap((record) =>
    record.rows.filter((row) => row.kind === "evaluation")
      .map((row) => ({ ...identity(record), step: row.step, loss: Number(row["nats"]) }))
  );
}

/**
 * A measure of runs on held-out data.
 *
 * @param records The runs.
 * @param measure Its name as the task has it, such as `accuracy` or `bleu`.
 * @returns One row for each evaluation that has it.
 */
export function heldOutMeasures(records: readonly AnyRunRecord[], measure: string): StepPoint[] {
  return records.flatMap((record) =>
    record.rows.filter((row) => row.kind === "evaluation" && row[measure] !== undefined)
      .map((row) => ({ ...identity(record), step: row.step, value: Number(row[measure]) }))
  );
}

/**
 * What is reached without looking at the input, in the measure of a chart.
 *
 * @param records Runs of one task.
 * @param measure Its name.
 * @returns What the chart compares with, one for each value; none where the baseline has no such measure.
 */
export function baselines(
  records: readonly AnyRunRecord[],
  measure: string,
): { readonly label: string; readonly value: number }[] {
  const found = records.flatMap(({ rows }) =>
    rows.filter((row) => row.kind === "baseline" && row[measure] !== undefined)
      .map((row) => [String(row["name"]), Number(row[measure])] as const)
  );
  const unique = new Map(found.map(([label, value]) => [`${label} ${value}`, { label, value }]));
  return [...unique.values()];
}

/**
 * The variance of the stream after each layer.
 *
 * @param records The runs.
 * @param step The step; the last evaluation by default.
 * @returns One row for each depth of each stack, 0 for the embedding.
 */
export function streamVariance(records: readonly AnyRunRecord[], step?: number): DepthPoint[] {
  return records.flatMap((record) =>
    rowsAt(record, "stream", step)
      .filter(({ name }) => /(^|\.)blocks\.1\.resid_pre$|resid_post$/.test(String(name)))
      .map((row) => ({
        ...identity(record),
        ...stackOf(row),
        layer: Number(row["layer"]),
        value: Number(row["variance"]),
      }))
  );
}

/**
 * The norm of the gradient of each parameter of the layers.
 *
 * @param records The runs.
 * @param step The step; the last evaluation by default.
 * @returns One row for each parameter of each layer.
 */
export function gradientNorms(records: readonly AnyRunRecord[], step?: number): GradientPoint[] {
  return records.flatMap((record) =>
    rowsAt(record, "gradient", step).filter(({ layer }) => Number(layer) > 0).map((row) => ({
      variant: record.manifest.variant,
      layer: Number(row["layer"]),
      parameter: [row["stack"], row["parameter"]].filter((part) => part !== undefined).join("."),
      norm: Number(row["norm"]),
    }))
  );
}

/**
 * The joint norm of the gradient of each layer, ‖(g₁, g₂, …)‖ over its parameters.
 *
 * @param records The runs.
 * @param step The step; the last evaluation by default.
 * @returns One row for each layer.
 */
export function layerGradients(
  records: readonly AnyRunRecord[],
  step?: number,
): DepthPoint[] {
  return records.flatMap((record) => {
    const points = new Map<string, DepthPoint>();
    for (const row of rowsAt(record, "gradient", step)) {
      const [layer, place] = [Number(row["layer"]), stackOf(row)];
      if (layer === 0) continue;
      const key = `${place.stack} ${layer}`;
      const value = (points.get(key)?.value ?? 0) + Number(row["norm"]) ** 2;
      points.set(key, { ...identity(record), ...place, layer, value });
    }
    return [...points.values()].map((point) => ({ ...point, value: Math.sqrt(point.value) }));
  });
}

/** One value of each row of a kind, by a place that the row names. */
function byDepth(
  records: readonly AnyRunRecord[],
  { kind, place, value, step }: {
    kind: string;
    place: string;
    value: string;
    step?: number | undefined;
  },
): DepthPoint[] {
  return records.flatMap((record) =>
    rowsAt(record, kind, step).map((row) => ({
      ...identity(record),
      ...stackOf(row),
      layer: Number(row[place]),
      value: Number(row[value]),
    }))
  );
}

/**
 * How much the loss rises when a layer is left out: ΔP.
 *
 * @param records Runs with rows of `probeRemoval`.
 * @param step The step; the last one by default.
 * @returns One row for each layer, in nats per token.
 */
export function removalIncreases(records: readonly AnyRunRecord[], step?: number): DepthPoint[] {
  return byDepth(records, { kind: "removal", place: "layer", value: "increase", step });
}

/**
 * What gates multiply the stream by, 1 − act(α).
 *
 * @param records Runs with rows of `probeGates`; one gate for each layer.
 * @param step The step; the last one by default.
 * @returns One row for each gate.
 */
export function gateScales(records: readonly AnyRunRecord[], step?: number): DepthPoint[] {
  return byDepth(records, { kind: "gate", place: "layer", value: "scale", step });
}

/**
 * How much the inputs of consecutive sub-layers differ.
 *
 * @param records Runs with rows of `probeInputs`.
 * @param step The step; the last one by default.
 * @returns One row for each sub-layer from the second on; `layer` counts sub-layers.
 */
export function inputDifferences(records: readonly AnyRunRecord[], step?: number): DepthPoint[] {
  return byDepth(records, { kind: "input", place: "sublayer", value: "difference", step });
}

/**
 * The norm of a matrix by layer, ‖W‖ over all of its entries.
 *
 * @param records Runs with rows of `probeGradients`.
 * @param parameter The parameter's path inside its layer, such as `feedForward.w2`, which is the default.
 * @param step The step; the last one by default.
 * @returns One row for each layer.
 */
export function weightNorms(
  records: readonly AnyRunRecord[],
  parameter = "feedForward.w2",
  step?: number,
): DepthPoint[] {
  return records.flatMap((record) => {
    const rows = record.rows.filter((row) =>
      row.kind !== "gradient" || row["parameter"] === parameter
    );
    return byDepth([{ ...record, rows }], {
      kind: "gradient",
      place: "layer",
      value: "weight",
      step,
    });
  });
}

/**
 * Angular distances of the stream between depths.
 *
 * @param records Runs with rows of `probeAngles`.
 * @param step The step; the last one by default.
 * @returns One row for each pair of depths.
 */
export function angularDistances(records: readonly AnyRunRecord[], step?: number): AnglePoint[] {
  return records.flatMap((record) =>
    rowsAt(record, "angle", step).map((row) => ({
      ...identity(record),
      from: Number(row["from"]),
      to: Number(row["to"]),
      value: Number(row["angular"]),
    }))
  );
}

/**
 * How far the output has moved since the start.
 *
 * @param records Runs with rows of `watchOutput` at several steps.
 * @returns One row for each look: the root mean square over logits.
 */
export function outputChanges(records: readonly AnyRunRecord[]): StepPoint[] {
  return records.flatMap((record) =>
    record.rows.filter(({ kind }) => kind === "output").map((row) => ({
      ...identity(record),
      step: row.step,
      value: Number(row["change"]),
    }))
  );
}

/**
 * How long the vectors are that norms read, over the steps.
 *
 * @param records Runs with rows of `probeNorms` at several steps.
 * @param ending How the paths of the norms end, such as `attention.stream`.
 * @returns One row for each such norm and look: ‖x‖ / √D, and its layer.
 */
export function normSizes(
  records: readonly AnyRunRecord[],
  ending: string,
): (StepPoint & { readonly layer: number })[] {
  return records.flatMap((record) =>
    record.rows.filter(({ kind, name }) => kind === "norm" && String(name).endsWith(ending))
      .map((row) => ({
        ...identity(record),
        step: row.step,
        layer: Number(row["layer"]),
        value: Number(row["size"]),
      }))
  );
}
