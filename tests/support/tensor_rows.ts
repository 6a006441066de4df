// Tensors of a model as plain rows, and models with a number or a tensor changed.

import { rowsOf, type TensorShape, type TensorSource } from "../../lib/checkpoint/tensors.ts";
import { readTensor } from "../../lib/checkpoint/tensors.ts";
import type { Model } from "../../lib/families/model.ts";

/** The rows of a tensor: its slices along the first axis; a vector is one row. */
export async function rowsIn(source: TensorSource, name: string): Promise<number[][]> {
  const { rows, width } = rowsOf(source.info(name).shape);
  const numbers = [...await readTensor(source, name)];
  return Array.from({ length: rows }, (_, row) => numbers.slice(row * width, (row + 1) * width));
}

/** The numbers of a vector. */
export async function vectorIn(source: TensorSource, name: string): Promise<number[]> {
  return [...await readTensor(source, name)];
}

/** All numbers of all tensors. */
export async function numbersIn(source: TensorSource): Promise<Map<string, Float64Array>> {
  const numbers = new Map<string, Float64Array>();
  for (const name of source.names) numbers.set(name, await readTensor(source, name));
  return numbers;
}

/** How many numbers there are. */
export function countIn(source: TensorSource): number {
  return source.names.reduce((sum, name) => {
    const { rows, width } = rowsOf(source.info(name).shape);
    return sum + rows * width;
  }, 0);
}

/** What is put over tensors: other numbers of the same shape, a tensor of its own, or nothing in place of one. */
export interface Changes {
  /** Changes a number by its tensor's name and its place there. */
  readonly number?: (value: number, name: string, at: number) => number;
  /** More tensors. */
  readonly more?: Readonly<Record<string, TensorShape & { readonly values: Float64Array }>>;
  /** Names of tensors that are not there. */
  readonly without?: readonly string[];
}

/** A source of changed tensors. */
export function changedTensors(
  source: TensorSource,
  { number = (value) => value, more = {}, without = [] }: Changes,
): TensorSource {
  const has = (name: string): boolean =>
    Object.hasOwn(more, name) || (source.has(name) && !without.includes(name));
  return {
    names: [
      ...source.names.filter((name) => has(name) && !Object.hasOwn(more, name)),
      ...Object.keys(more),
    ],
    has,
    info: (name) => more[name] ?? source.info(name),
    rows: async (name, first, count) => {
      const { width } = rowsOf((more[name] ?? source.info(name)).shape);
      const numbers = more[name]?.values.slice(first * width, (first + count) * width) ??
        await source.rows(name, first, count);
      return numbers.map((value, at) => number(value, name, first * width + at));
    },
  };
}

/** A model with changed tensors. */
export function changedModel(model: Model, changes: Changes): Model {
  return { ...model, tensors: changedTensors(model.tensors, changes) };
}
