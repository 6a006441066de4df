// From run records to the rows that charts take: losses by step, the stream by depth, gradients by depth.

import type { Row, RunRecord } from "./record.ts";

/** A held-out loss at a step. */
export interface LossPoint {
  /** The variant's id. */
  readonly variant: string;
  /** The seed. */
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
  /** The seed. */
  readonly seed: number;
  /** The layer; 0 is the embedding. */
  readonly layer: number;
  /** The quantity. */
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
