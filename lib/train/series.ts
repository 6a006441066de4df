// From run records to the rows that charts take: losses by step, the stream by depth, gradients by depth.

import type { Row, RunRecord } from "./record.ts";

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
  /** The parameter's path inside its layer. */
  readonly parameter: string;
  /** The gradient's norm. */
  readonly norm: number;
}

const identity = ({ manifest }: RunRecord): { variant: string; seed: number } => ({
  variant: manifest.variant,
  seed: manifest.settings.seed,
});

/** Rows of one kind at a step, the last one by default. */
function rowsAt({ rows }: RunRecord, kind: string, step?: number): Row[] {
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
export function heldOutLosses(records: readonly RunRecord[]): LossPoint[] {
  return records.flatMap((record) =>
    record.rows.filter((row) => row.kind === "evaluation")
      .map((row) => ({ ...identity(record), step: row.step, loss: Number(row["nats"]) }))
  );
}

/**
 * The variance of the stream after each layer.
 *
 * @param records The runs.
 * @param step The step; the last evaluation by default.
 * @returns One row for each depth, 0 for the embedding.
 */
export function streamVariance(records: readonly RunRecord[], step?: number): DepthPoint[] {
  return records.flatMap((record) =>
    rowsAt(record, "stream", step)
      .filter(({ name }) => name === "blocks.1.resid_pre" || String(name).endsWith("resid_post"))
      .map((row) => ({
        ...identity(record),
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
export function gradientNorms(records: readonly RunRecord[], step?: number): GradientPoint[] {
  return records.flatMap((record) =>
    rowsAt(record, "gradient", step).filter(({ layer }) => Number(layer) > 0).map((row) => ({
      variant: record.manifest.variant,
      layer: Number(row["layer"]),
      parameter: String(row["parameter"]),
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
export function layerGradients(records: readonly RunRecord[], step?: number): DepthPoint[] {
  return records.flatMap((record) => {
    const squares = new Map<number, number>();
    for (const { layer, norm } of gradientNorms([record], step)) {
      squares.set(layer, (squares.get(layer) ?? 0) + norm ** 2);
    }
    return [...squares].map(([layer, square]) => ({
      ...identity(record),
      layer,
      value: Math.sqrt(square),
    }));
  });
}

/** One value of each row of a kind, by a place that the row names. */
function byDepth(
  records: readonly RunRecord[],
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
export function removalIncreases(records: readonly RunRecord[], step?: number): DepthPoint[] {
  return byDepth(records, { kind: "removal", place: "layer", value: "increase", step });
}

/**
 * What gates multiply the stream by, 1 − act(α).
 *
 * @param records Runs with rows of `probeGates`; one gate for each layer.
 * @param step The step; the last one by default.
 * @returns One row for each gate.
 */
export function gateScales(records: readonly RunRecord[], step?: number): DepthPoint[] {
  return byDepth(records, { kind: "gate", place: "layer", value: "scale", step });
}

/**
 * How much the inputs of consecutive sub-layers differ.
 *
 * @param records Runs with rows of `probeInputs`.
 * @param step The step; the last one by default.
 * @returns One row for each sub-layer from the second on; `layer` counts sub-layers.
 */
export function inputDifferences(records: readonly RunRecord[], step?: number): DepthPoint[] {
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
  records: readonly RunRecord[],
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
export function angularDistances(records: readonly RunRecord[], step?: number): AnglePoint[] {
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
export function outputChanges(records: readonly RunRecord[]): StepPoint[] {
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
  records: readonly RunRecord[],
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
