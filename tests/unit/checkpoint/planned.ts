// Tensors to write, for tests: bytes that a seed decides, in pieces of any length.

import { Random } from "../../../lib/core/random.ts";
import type { PlannedTensor } from "../../../lib/checkpoint/writer.ts";
import { tensorBytes } from "../../../lib/checkpoint/header.ts";
import type { TensorShape } from "../../../lib/checkpoint/tensors.ts";

/** The bytes of a tensor of this name. */
export function bytesFor(name: string, length: number): Uint8Array<ArrayBuffer> {
  const random = new Random(11, name);
  return Uint8Array.from({ length }, () => random.integer(256));
}

/** A tensor with the bytes that belong to its name. */
export function planned(
  name: string,
  dtype: TensorShape["dtype"],
  shape: readonly number[],
  chunkBytes = 5,
): PlannedTensor {
  const tensor = { name, dtype, shape };
  const bytes = bytesFor(name, tensorBytes(tensor));
  return {
    ...tensor,
    chunks: async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
      }
    },
  };
}
