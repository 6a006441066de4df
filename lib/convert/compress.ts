// Compression: a stream of mean 0 is d − 1 values, and RMSNorm of d values is CRMSNorm of those; and back. Source: Jiang et al.
// 2023, §3.2 and Appendix C.

import type { Head } from "../model/spec.ts";
import { isTied, mapNorms, mapStacks, readsWithTable } from "../model/spec.ts";
import type { Model } from "../families/model.ts";
import { type Change, WeightEdits, type Widths } from "./weight_edits.ts";
import { appendBalance, appendZero, dropLast, subtractLast } from "./lazy_matrix.ts";
import { requireCompressible } from "./preconditions.ts";
import { entryOf, normsWithReaders, writersOf } from "./readers_and_writers.ts";

/** What happens to what writes and what reads. */
interface Resize {
  readonly by: 1 | -1;
  readonly writers: Change;
  readonly readers: Change;
}

/** Requires norms without parameters, which would be of the old width. */
function requireWeightless({ spec, tensors }: Model, verb: string): void {
  for (const { norm } of normsWithReaders(spec)) {
    const own = [norm.gain, norm.bias].find((name) => tensors.has(name));
    if (own !== undefined) {
      throw new RangeError(
        `Cannot ${verb} a stream whose norm has ${own}: its numbers are as many as the values are now; fold it first`,
      );
    }
  }
}

/** Changes the width of every stream. */
function resize({ tensors, spec }: Model, { by, writers, readers }: Resize): WeightEdits {
  const edit = new WeightEdits(tensors);
  const widthsOf = (name: string): Widths => {
    const { width } = spec.stacks[name]!;
    return { from: width, to: width + by };
  };
  for (const [name, stack] of Object.entries(spec.stacks)) {
    const widths = widthsOf(name);
    for (const { linear } of writersOf(stack)) edit.writer(linear, widths, writers);
    if (stack.recenter) continue; // the entry keeps all d values
    const { tables, linears } = entryOf(stack);
    for (const table of new Set(tables)) edit.table(table, widths, writers);
    for (const linear of linears) edit.writer(linear, widths, writers);
  }
  for (const { stack, readers: linears } of normsWithReaders(spec)) {
    for (const linear of linears) {
      if (!isTied(spec, linear.weight)) edit.reader(linear, widthsOf(stack), readers);
    }
  }
  return edit;
}

function resized(model: Model, edit: WeightEdits, kind: "rms" | "crms", by: 1 | -1): Model {
  const normed = mapNorms(model.spec, (norm) => ({ ...norm, kind }));
  const stacked = mapStacks(normed, (stack) => ({ ...stack, width: stack.width + by }));
  const heads = stacked.heads.map(({ plusSum: _, ...head }): Head =>
    kind === "crms" && readsWithTable(stacked, head) ? { ...head, plusSum: true } : head
  );
  return { ...model, tensors: edit.tensors, spec: { ...stacked, heads } };
}

/**
 * Leaves out the last value of every stream: RMSNorm becomes CRMSNorm.
 *
 * @param model A centered model whose norms are weightless.
 * @returns The same function at width d − 1. A tied head stays tied and adds the sum of what it reads.
 * @throws {RangeError} If a norm has parameters, or what reads it needs all d values.
 */
export function compressStreams(model: Model): Model {
  requireCompressible(model.spec);
  requireWeightless(model, "compress");
  const edit = resize(model, { by: -1, writers: dropLast, readers: subtractLast });
  return resized(model, edit, "crms", -1);
}

/**
 * Restores the last value of every stream: CRMSNorm becomes RMSNorm.
 *
 * @param model A model whose norms are weightless CRMSNorms.
 * @returns The same function at width d + 1.
 * @throws {RangeError} If a norm has parameters, or a stream starts with a CRMSNorm.
 */
export function decompressStreams(model: Model): Model {
  requireWeightless(model, "decompress");
  for (const { entryNorm } of Object.values(model.spec.stacks)) {
    if (entryNorm?.kind === "crms") {
      throw new RangeError(
        `Cannot decompress a stream that starts with a CRMSNorm: the gains in ${entryNorm.gain} are those of d − 1 values`,
      );
    }
  }
  const edit = resize(model, { by: 1, writers: appendBalance, readers: appendZero });
  return resized(model, edit, "rms", 1);
}
