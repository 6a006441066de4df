// Biases that conversions gave to maps which have none in their family, and the way back into the norms that these maps read.
//
// LayerNorm gives n of mean 0, so that one number c added to a whole row w of a reader changes nothing: (w + c 1) · n = w · n. A bias of
// 1 in the norm then leaves (w + c 1) · (n + 1) = w · n + Σ w + c d, and c = (b − Σ w) / d makes that w · n + b.

import { readTensor } from "../checkpoint/tensors.ts";
import { convertedNormsOf } from "../families/converted_norms.ts";
import type { Model } from "../families/model.ts";
import type { Linear } from "../model/spec.ts";
import { addAlong, centerAlong, matrixFrom } from "./lazy_matrix.ts";
import { normsWithReaders } from "./readers_and_writers.ts";
import { WeightEdits } from "./weight_edits.ts";

/** The biases of maps that read a model's norms. */
function readersBiases({ spec, tensors }: Model): string[] {
  const names = normsWithReaders(spec).flatMap(({ readers }) => readers.map(({ bias }) => bias));
  return [...new Set(names)].filter((name) => tensors.has(name));
}

/** The biases that earlier conversions have added, by the model's own record. */
export function recordedBiases({ config }: Model): readonly string[] {
  return convertedNormsOf(config)?.biases ?? [];
}

/**
 * The biases that a model has beyond those of its family.
 *
 * @param made The model.
 * @param source What it was converted from.
 * @returns The names of those that this conversion or an earlier one has added.
 */
export function addedBiases(made: Model, source: Model): string[] {
  const earlier = recordedBiases(source);
  return readersBiases(made).filter((name) => earlier.includes(name) || !source.tensors.has(name));
}

/**
 * Puts biases that conversions have added back into the norms, so that the tensors are those of the family again.
 *
 * @param model A model whose norms are LayerNorms, with gains of 1 and biases of 0 where maps with such a bias read.
 * @returns The same function without these biases.
 */
export function withoutAddedBiases(model: Model): Model {
  const added = recordedBiases(model);
  const { spec, tensors } = model;
  const edit = new WeightEdits(tensors);
  for (const { stack, norm, readers } of normsWithReaders(spec)) {
    if (!readers.some(({ bias }) => added.includes(bias))) continue;
    const { width } = spec.stacks[stack]!;
    const { dtype } = tensors.info(norm.bias);
    edit.tensors.set(norm.bias, [width], dtype, matrixFrom(new Float64Array(width).fill(1)));
    for (const linear of readers) absorb(edit, linear, width, added.includes(linear.bias));
  }
  return { ...model, tensors: edit.tensors };
}

/** Gives each row of a reader the sum that its bias was, or 0 where it keeps its bias. */
function absorb(edit: WeightEdits, linear: Linear, width: number, isAdded: boolean): void {
  const { before } = edit;
  edit.reader(linear, { from: width, to: width }, (matrix, axis) => {
    const centered = centerAlong(matrix, axis);
    if (!isAdded) return centered;
    return addAlong(centered, axis, async () => {
      const biases = await readTensor(before, linear.bias);
      // of several vectors of the stream that one row of the matrix reads, the first takes the bias
      const parts = axis === "columns" ? matrix.rows / biases.length : 1;
      return Float64Array.from(
        { length: biases.length * parts },
        (_, at) => at % parts === 0 ? biases[at / parts]! / width : 0,
      );
    });
  });
  if (isAdded) edit.tensors.remove(linear.bias);
}
