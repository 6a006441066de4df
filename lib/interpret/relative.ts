// Relative positions on matrices: what they add to the scores of a head, and the gates of WavLM.

import { readTensor } from "../checkpoint/tensors.ts";
import { placeOf } from "../model/relative.ts";
import type { Attention, Relative } from "../model/spec.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { apply, inScope, type Stored } from "./stored_parameters.ts";

/** 1 / (1 + e^−x) */
function sigmoid<T>(arithmetic: Arithmetic<T>, x: T): T {
  const [rows, columns] = arithmetic.size(x);
  const half = arithmetic.matrix(new Float64Array(rows * columns).fill(0.5), rows, columns);
  const bent = arithmetic.activate(arithmetic.scale(x, 0.5), "tanh");
  return arithmetic.add(arithmetic.scale(bent, 0.5), half);
}

/** A matrix of one number. */
function filled<T>(arithmetic: Arithmetic<T>, rows: number, columns: number, value: number): T {
  return arithmetic.matrix(new Float64Array(rows * columns).fill(value), rows, columns);
}

/**
 * The gates of relative positions.
 *
 * Shapes: x [T, H·K] · returns [T, H]
 *
 * @param stored Where it runs.
 * @param x What attention reads.
 * @param gate Its map and its constants.
 * @param attention The attention.
 * @returns a (b c − 1) + 2 of each token and head.
 */
export function relativeGates<T>(
  stored: Stored<T>,
  x: T,
  { linear, constants }: NonNullable<Relative["gate"]>,
  { heads, headWidth }: Attention,
): Promise<T> {
  return inScope(stored, async (inner) => {
    const { arithmetic, tensors } = inner;
    const [length] = arithmetic.size(x);
    const rows = length * heads;
    const mapped = await apply(inner, linear, arithmetic.reshape(x, rows, headWidth));
    const half = arithmetic.size(mapped)[1] / 2;
    const [a, b] = [0, half].map((first) => {
      const part = arithmetic.columns(mapped, first, half);
      const sum = arithmetic.product(part, filled(arithmetic, half, 1, 1), "in-out");
      return arithmetic.reshape(sigmoid(arithmetic, sum), length, heads);
    }) as [T, T];
    const c = await readTensor(tensors, constants);
    const bent = arithmetic.multiplyRow(b, c);
    const inside = arithmetic.add(bent, filled(arithmetic, length, heads, -1));
    const scaled = arithmetic.multiply(a, inside);
    return arithmetic.add(scaled, filled(arithmetic, length, heads, 2));
  });
}

/**
 * What relative positions add to the scores of each head.
 *
 * @param stored Where it runs.
 * @param relative The positions.
 * @param size Queries and keys.
 * @param gates What each query's are multiplied by, [T, H], where they have a gate.
 * @returns Makes of a head [T, S].
 */
export async function relativeBias<T>(
  { arithmetic, tensors }: Stored<T>,
  relative: Relative,
  [queries, keys]: readonly [number, number],
  gates: T | undefined,
): Promise<(head: number, inner: Arithmetic<T>) => T> {
  const table = await readTensor(tensors, relative.table.table);
  const heads = tensors.info(relative.table.table).shape.at(-1)!;
  const places = Int32Array.from(
    { length: queries * keys },
    (_, at) => placeOf(relative, Math.floor(at / keys), at % keys),
  );
  const across = gates === undefined ? undefined : filled(arithmetic, 1, keys, 1);
  return (head, inner) => {
    const values = Float64Array.from(places, (place) => table[place * heads + head]!);
    const own = inner.matrix(values, queries, keys);
    if (gates === undefined) return own;
    const gate = inner.product(inner.columns(gates, head, 1), across!, "in-out");
    return inner.multiply(own, gate);
  };
}
