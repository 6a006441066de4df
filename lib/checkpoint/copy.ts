// Tensors that go from one checkpoint to another as they are: bytes, so that no digit is touched.

import type { Checkpoint } from "./reader.ts";
import type { PlannedTensor } from "./writer.ts";

/**
 * Plans the copy of a tensor, bit for bit; it is read piece by piece while it is written.
 *
 * @param from The checkpoint that it is in; it stays open until the copy is written.
 * @param name The tensor.
 * @param as The name of the copy; the same by default.
 * @returns The planned tensor.
 * @throws {RangeError} If there is no such tensor.
 */
export function planCopy(from: Checkpoint, name: string, as: string = name): PlannedTensor {
  return { ...from.info(name), name: as, chunks: () => from.chunks(name) };
}
