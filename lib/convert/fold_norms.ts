// Gains and biases of norms into what reads them: γ scales the inputs of each reader, β adds W β to its bias. The norms are
// weightless then. Source: papers on folding agree; the order is fold, center, compress.

import { readTensor } from "../checkpoint/tensors.ts";
import type { Head, ModelSpec } from "../model/spec.ts";
import {
  hasOffset,
  isTied,
  mapNorms,
  mapStacks,
  readsWithTable,
  withoutOffset,
} from "../model/spec.ts";
import type { Model } from "../families/model.ts";
import { outputsOf } from "../families/shapes.ts";
import type { Overlay } from "./overlay.ts";
import { WeightEdits } from "./weight_edits.ts";
import { contract, type LazyMatrix, matrixOf, scaleAlong, transpose } from "./lazy_matrix.ts";
import { normsWithReaders, type NormWithReaders, readingAxis } from "./readers_and_writers.ts";

/** A vector that is computed when it is read. */
function vector(width: number, compute: () => Promise<Float64Array>): LazyMatrix {
  return { rows: 1, width, read: async () => Float64Array.from(await compute()) };
}

/** Gives stacks that share their token table with the head copies of it, where the family then has one of each. */
function separateTables({ spec, tensors: before }: Model, tensors: Overlay): ModelSpec {
  return mapStacks(spec, (stack) => {
    if (stack.entry.kind !== "tokens" || stack.entry.untied === undefined) return stack;
    const { untied, tokens: { table }, ...entry } = stack.entry;
    const { shape, dtype } = before.info(table);
    tensors.set(untied, shape, dtype, matrixOf(before, table));
    return { ...stack, entry: { ...entry, tokens: { table: untied } } };
  });
}

/**
 * Gives a head that shares the token table a matrix of its own.
 *
 * @param model The model.
 * @param head The head.
 * @returns The same function with an untied head.
 * @throws {RangeError} If the family has no name for such a matrix.
 */
export function untieHead(model: Model, head: Head): Model {
  const { spec, family, config } = model;
  const { untied: linear, heads } = spec;
  const { weight, bias, layout } = head.linear;
  if (linear === undefined) {
    throw new RangeError(`Cannot untie the head: it shares ${weight} and has no name of its own`);
  }
  const { tensors } = new WeightEdits(model.tensors);
  const { shape, dtype } = model.tensors.info(weight);
  const matrix = matrixOf(model.tensors, weight);
  const same = linear.layout === layout;
  const placed = same ? matrix : transpose(matrix);
  tensors.set(linear.weight, same ? shape : shape.toReversed(), dtype, placed);
  // a bias may have another name beside a matrix of its own
  const isMoved = bias !== linear.bias && model.tensors.has(bias);
  if (isMoved) {
    const info = model.tensors.info(bias);
    tensors.set(linear.bias, info.shape, info.dtype, matrixOf(model.tensors, bias));
  }
  const own: Head = { ...head, linear };
  const separate = separateTables(model, tensors);
  const unread = [
    ...(isTied(separate, weight) ? [] : [weight]), // which engines still expect
    ...(isMoved ? [bias] : []),
  ];
  return {
    ...model,
    config: family.untie(config),
    tensors,
    spec: {
      ...separate,
      ...(unread.length === 0 ? {} : { unread: [...spec.unread ?? [], ...unread] }),
      heads: heads.map((other) => other === head ? own : other),
    },
  };
}

/**
 * Takes away the matrices of heads that share the token table: some checkpoints hold such a copy, which is not read, and which would
 * not be one any more beside a table that is changed.
 *
 * @param model The model.
 * @returns The same function.
 */
export function withoutCopies({ storedHead: _, ...model }: Model): Model {
  const { spec: { untied, heads }, tensors } = model;
  const isUnread = untied !== undefined && tensors.has(untied.weight) &&
    heads.every(({ linear }) => linear.weight !== untied.weight);
  if (!isUnread) return model;
  const edit = new WeightEdits(tensors);
  edit.tensors.remove(untied.weight);
  return { ...model, tensors: edit.tensors };
}

/** Unties the heads that read a norm whose parameters go into them. */
function untied(model: Model, site: NormWithReaders): Model {
  return model.spec.heads
    .filter((head) => head.stack === site.stack && readsWithTable(model.spec, head))
    .reduce(untieHead, model);
}

/** Folds one site. */
function foldNorm(
  model: Model,
  edit: WeightEdits,
  { stack, norm, readers }: NormWithReaders,
): void {
  const { tensors, spec } = model;
  const { width } = spec.stacks[stack]!;
  const offset = hasOffset(norm.kind) ? 1 : 0;
  const gain = async (): Promise<Float64Array> =>
    (await readTensor(tensors, norm.gain)).map((value) => value + offset);
  for (const linear of readers) {
    const axis = readingAxis(linear);
    const outputs = outputsOf(model, linear);
    const { dtype } = tensors.info(linear.weight);
    if (tensors.has(norm.gain)) {
      edit.reader(linear, { from: width, to: width }, (matrix) => scaleAlong(matrix, axis, gain));
    }
    if (!tensors.has(norm.bias)) continue;
    const matrix = matrixOf(tensors, linear.weight, axis === "columns" ? width : undefined);
    const folded = vector(outputs, async () => {
      const parts = await contract(matrix, axis, await readTensor(tensors, norm.bias));
      const groups = parts.length / outputs; // vectors of the stream that one row of the matrix reads
      const own = tensors.has(linear.bias) ? await readTensor(tensors, linear.bias) : undefined;
      return Float64Array.from({ length: outputs }, (_, i) => {
        let total = own?.[i] ?? 0;
        for (let group = 0; group < groups; group++) total += parts[i * groups + group]!;
        return total;
      });
    });
    const shape = tensors.has(linear.bias) ? tensors.info(linear.bias).shape : [outputs];
    edit.tensors.set(linear.bias, shape, dtype, folded);
  }
  edit.tensors.remove(norm.gain);
  edit.tensors.remove(norm.bias);
}

/** Whether only described maps read a norm. The final norm of a body is its output, and keeps its gain and bias. */
function isFoldable({ readers, norm, output }: NormWithReaders): boolean {
  const isRead = readers.length > 0 && !output;
  if (!isRead && hasOffset(norm.kind)) {
    throw new RangeError(
      `Cannot leave ${norm.gain}, which multiplies by 1 + gain, beside norms without: nothing reads it (a model without a head)`,
    );
  }
  return isRead;
}

/**
 * Folds the gain and bias of norms into their readers. A head that shares the token table gets a matrix of its own.
 *
 * @param model The model.
 * @param which Which norms; a norm that is left keeps its parameters.
 * @returns The same function with weightless norms.
 * @throws {RangeError} If a head has no name for a matrix of its own, or gains of 1 + w would stay where nothing reads them.
 */
export function foldNorms(model: Model, which: (site: NormWithReaders) => boolean): Model {
  const wanted = (of: Model): NormWithReaders[] =>
    normsWithReaders(of.spec).filter((site) =>
      (of.tensors.has(site.norm.gain) || of.tensors.has(site.norm.bias)) && isFoldable(site) &&
      which(site)
    );
  const separate = wanted(model).filter(({ final }) => final).reduce(untied, model);
  const edit = new WeightEdits(separate.tensors);
  for (const site of wanted(separate)) {
    foldNorm(separate, edit, site);
  }
  const plain = mapNorms(
    separate.spec,
    (norm) => edit.tensors.has(norm.gain) ? norm : { ...norm, kind: withoutOffset(norm.kind) },
  );
  return { ...separate, tensors: edit.tensors, spec: plain };
}
