// A layer case as a whole model: its input is a table of which every row is read once.

import type { Entry, ModelSpec } from "../../lib/model/spec.ts";
import { preLn } from "../../lib/residual/mod.ts";
import type { ModelInputs } from "../../lib/interpret/inputs.ts";
import type { Rows } from "../reference/rows.ts";
import type { LayerCase } from "./layer_cases.ts";
import type { MemoryTensor } from "./memory_tensors.ts";

/** A model of one layer, its parameters, and what it reads. */
export interface LayerModel {
  readonly spec: ModelSpec;
  readonly tensors: Readonly<Record<string, MemoryTensor>>;
  readonly inputs: ModelInputs;
}

const matrix = (rows: Rows): MemoryTensor => ({
  shape: [rows.length, rows[0]!.length],
  values: rows.flat(),
});

/** Rows as an image of one column that is read pixel by pixel. */
function memoryOf(rows: Rows): Pick<LayerModel, "tensors" | "inputs"> & { readonly entry: Entry } {
  const width = rows[0]!.length;
  const identity = rows[0]!.map((_, i) => rows[0]!.map((_, j) => i === j ? 1 : 0));
  const pixels = identity.flatMap((_, channel) => rows.map((row) => row[channel]!));
  return {
    entry: {
      kind: "patches",
      patches: { weight: "memory.patches", bias: "none", layout: "out-in" },
      patchSize: 1,
      channels: width,
      imageSize: [1, 1],
      before: [],
      positions: { table: "memory.positions" },
    },
    tensors: {
      "memory.patches": { ...matrix(identity), shape: [width, width, 1, 1] },
      "memory.positions": matrix(rows.map((row) => row.map(() => 0))),
    },
    inputs: { pixels: { shape: [width, rows.length, 1], values: Float64Array.from(pixels) } },
  };
}

/** The model of a layer case; it gives the stream behind the layer under the name `decoder`. */
export function layerModel(
  { block, residual = preLn, tensors, x, memory }: Omit<LayerCase, "name" | "expected">,
): LayerModel {
  const shared = { recenter: false, residual };
  const source = memory === undefined ? undefined : memoryOf(memory);
  return {
    spec: {
      stacks: {
        ...(source === undefined ? {} : {
          encoder: { ...shared, width: memory![0]!.length, entry: source.entry, blocks: [] },
        }),
        decoder: {
          ...shared,
          width: x[0]!.length,
          entry: { kind: "tokens", tokens: { table: "x" }, scale: 1, offset: 0 },
          blocks: [block],
        },
      },
      heads: [],
    },
    tensors: { ...tensors, x: matrix(x), ...source?.tensors },
    inputs: { tokens: x.map((_, row) => row), ...source?.inputs },
  };
}
