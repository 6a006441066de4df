// Linear maps and norms whose parameters are read when they are needed and freed at once, a large matrix in parts.

import { readTensor, rowsOf, type TensorSource } from "../checkpoint/tensors.ts";
import type { Arithmetic, RowNorm } from "./arithmetic.ts";
import { hasOffset, type Linear, type NormSpec, withoutOffset } from "../model/spec.ts";

/** What computes, and where the parameters are stored. */
export interface Stored<T> {
  /** What computes. */
  readonly arithmetic: Arithmetic<T>;
  /** Where the parameters are. */
  readonly tensors: TensorSource;
}

/**
 * Runs `body` in a scope of the arithmetic: what it makes is freed, except a matrix that it returns.
 *
 * @param stored Where it runs.
 * @param body What runs, with the arithmetic of the scope.
 * @returns What `body` returns.
 */
export function inScope<T, R>(
  { arithmetic, tensors }: Stored<T>,
  body: (inner: Stored<T>) => Promise<R>,
): Promise<R> {
  return arithmetic.scope((inner) => body({ arithmetic: inner, tensors }));
}

/**
 * The numbers of a parameter that a checkpoint need not hold.
 *
 * @param tensors Where it would be.
 * @param name Its name; none is a name that nothing has.
 * @returns Its numbers, or undefined where there are none.
 */
export async function readIfThere(
  tensors: TensorSource,
  name: string | undefined,
): Promise<Float64Array | undefined> {
  return name === undefined || !tensors.has(name) ? undefined : await readTensor(tensors, name);
}

/** Numbers of a matrix that are read at a time: 8 MiB in float64. */
const together = 2 ** 20;

/**
 * A linear map of rows, y = op(W) x + b. Tensors with more than two axes are matrices of their slices along the first.
 *
 * @param stored Where it runs.
 * @param linear The map.
 * @param x Rows [N, inputs].
 * @param most How many numbers of the matrix are read at a time, at least one row of it.
 * @returns [N, outputs]
 * @throws {RangeError} If there is no such matrix, or its size does not fit.
 */
export function apply<T>(
  stored: Stored<T>,
  linear: Linear,
  x: T,
  most: number = together,
): Promise<T> {
  return inScope(stored, async ({ arithmetic, tensors }) => {
    const { weight, layout } = linear;
    const { rows, width } = rowsOf(tensors.info(weight).shape);
    const [, inputs] = arithmetic.size(x);
    if (inputs !== (layout === "out-in" ? width : rows)) {
      throw new RangeError(
        `Cannot multiply rows of ${inputs} numbers by ${weight}: it is [${rows}, ${width}], ${layout}`,
      );
    }
    const step = Math.max(1, Math.floor(most / width));
    const parts: T[] = [];
    for (let first = 0; first < rows; first += step) {
      const count = Math.min(step, rows - first);
      const w = arithmetic.matrix(await tensors.rows(weight, first, count), count, width);
      const read = layout === "out-in" ? x : arithmetic.columns(x, first, count);
      parts.push(arithmetic.product(read, w, layout));
      arithmetic.free(w);
    }
    const product = layout === "out-in"
      ? arithmetic.joinColumns(parts)
      : parts.reduce((total, part) => arithmetic.add(total, part));
    const bias = await readIfThere(tensors, linear.bias);
    return bias === undefined ? product : arithmetic.addRow(product, bias);
  });
}

/** A norm with its parameters read. */
async function readNorm(tensors: TensorSource, site: NormSpec): Promise<RowNorm> {
  const stored = await readIfThere(tensors, site.gain);
  const gain = hasOffset(site.kind) ? stored?.map((value) => 1 + value) : stored;
  const bias = await readIfThere(tensors, site.bias);
  return {
    kind: withoutOffset(site.kind),
    eps: site.eps,
    ...(gain === undefined ? {} : { gain }),
    ...(bias === undefined ? {} : { bias }),
  };
}

/**
 * A norm of rows.
 *
 * @param stored Where it runs.
 * @param site The norm.
 * @param x Rows [N, D].
 * @returns [N, D]
 */
export async function normalize<T>(stored: Stored<T>, site: NormSpec, x: T): Promise<T> {
  return stored.arithmetic.norm(x, await readNorm(stored.tensors, site));
}
