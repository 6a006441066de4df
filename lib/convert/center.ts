// Centering: every matrix, bias and embedding that writes to a stream loses its mean, so that the stream's mean is 0 and LayerNorm
// is RMSNorm. Source: Jiang et al. 2023, §3.1.

import { readTensor } from "../checkpoint/tensors.ts";
import { entriesOf, mapNorms, mapStacks } from "../model/spec.ts";
import type { Stack } from "../model/spec.ts";
import type { Model } from "../families/model.ts";
import { WeightEdits } from "./weight_edits.ts";
import { centerAlong, scaleAlong } from "./lazy_matrix.ts";
import { entryOf, writersOf } from "./readers_and_writers.ts";

/** Whether a stream starts with what no weight can center. */
export function startsNonLinearly(stack: Stack): boolean {
  return stack.entryNorm !== undefined ||
    entriesOf(stack).some((entry) => entry.kind === "audio" || entry.sinusoids !== undefined);
}

/**
 * Multiplies LayerScale's λ into the matrices whose output it scales.
 *
 * @param model The model.
 * @returns The same function without λ; the model itself where there is none.
 */
export function foldLayerScale(model: Model): Model {
  const edit = new WeightEdits(model.tensors);
  for (const stack of Object.values(model.spec.stacks)) {
    const widths = { from: stack.width, to: stack.width };
    for (const { linear, scale } of writersOf(stack)) {
      if (scale === undefined || !model.tensors.has(scale)) continue;
      const factors = () => readTensor(model.tensors, scale);
      edit.writer(linear, widths, (matrix, axis) => scaleAlong(matrix, axis, factors));
      edit.tensors.remove(scale);
    }
  }
  return { ...model, tensors: edit.tensors };
}

/**
 * Centers what writes to the streams of a LayerNorm model and makes its norms RMSNorms.
 *
 * @param model The model, without LayerScale.
 * @param options `keepTables`: embeddings stay, and the mean of the stream is subtracted where the layers start.
 * @returns The same function.
 */
export function centerStreams(model: Model, options: { readonly keepTables: boolean }): Model {
  const { spec, tensors } = model;
  const edit = new WeightEdits(tensors);
  for (const stack of Object.values(spec.stacks)) {
    const widths = { from: stack.width, to: stack.width };
    for (const { linear } of writersOf(stack)) edit.writer(linear, widths, centerAlong);
    if (startsNonLinearly(stack) || options.keepTables) continue;
    const { tables, linears } = entryOf(stack);
    for (const table of new Set(tables)) edit.table(table, widths, centerAlong);
    for (const linear of linears) edit.writer(linear, widths, centerAlong);
  }
  const rms = mapNorms(spec, (norm) => ({ ...norm, kind: "rms" }));
  const centered = mapStacks(rms, (stack) => ({
    ...stack,
    recenter: startsNonLinearly(stack) || options.keepTables,
  }));
  return { ...model, tensors: edit.tensors, spec: centered };
}

/**
 * Takes the means away again that rounding has left in a centered model as it was stored.
 *
 * @param model A model on a centered stream of d values.
 * @returns The same norms on streams of mean 0 to the digits of float64.
 */
export function centerAgain(model: Model): Model {
  const keepTables = Object.values(model.spec.stacks)
    .some((stack) => stack.recenter && !startsNonLinearly(stack));
  return { ...centerStreams(model, { keepTables }), spec: model.spec };
}
