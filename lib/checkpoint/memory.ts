// Tensors in memory, in the place of a checkpoint.

import type { DType } from "./dtype.ts";
import { rowsOf, type TensorSource } from "./tensors.ts";

/** A tensor's shape and its numbers, row-major. */
export interface MemoryTensor {
  /** The length of each axis; none for a scalar. */
  readonly shape: readonly number[];
  /** Its numbers. */
  readonly values: ArrayLike<number>;
  /** How they are stored, which all of them must be numbers of; F64 by default. */
  readonly dtype?: DType;
}

/**
 * A source of tensors that are already there.
 *
 * @param tensors The tensors by name, in the order of storage.
 * @returns Their source; what it reads is a copy.
 * @throws {RangeError} If a tensor has another number of values than its shape says.
 */
export function memoryTensors(tensors: Readonly<Record<string, MemoryTensor>>): TensorSource {
  const find = (name: string): MemoryTensor => {
    const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (found === undefined) throw new RangeError(`Cannot read ${name}: there is no such tensor`);
    return found;
  };
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const size = shape.reduce((product, length) => product * length, 1);
    if (size !== values.length) {
      throw new RangeError(
        `Cannot hold ${name} of shape [${shape.join(", ")}]: it has ${values.length} values`,
      );
    }
  }
  return {
    names: Object.keys(tensors),
    has: (name) => Object.hasOwn(tensors, name),
    info: (name) => {
      const { dtype = "F64", shape } = find(name);
      return { dtype, shape };
    },
    rows: (name, first, count) =>
      // an error becomes a rejection, as it does where a file is read
      Promise.resolve().then(() => {
        const { shape, values } = find(name);
        const { rows, width } = rowsOf(shape);
        if (first < 0 || count < 0 || first + count > rows) {
          throw new RangeError(
            `Cannot read rows ${first} to ${first + count - 1} of ${name}: it has ${rows}`,
          );
        }
        return Float64Array.from(
          { length: count * width },
          (_, at) => values[first * width + at]!,
        );
      }),
  };
}
