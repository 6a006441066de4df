// Whether two tensors of a checkpoint are stored as the same bytes.

import type { Checkpoint } from "./reader.ts";

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/**
 * Compares two tensors byte by byte, up to the first that differs.
 *
 * @param checkpoint The checkpoint.
 * @param a A tensor.
 * @param b Another one.
 * @returns Whether dtype, shape and all bytes are the same.
 * @throws {RangeError} If there is no such tensor.
 */
export async function isSameTensor(checkpoint: Checkpoint, a: string, b: string): Promise<boolean> {
  const [one, other] = [checkpoint.info(a), checkpoint.info(b)];
  if (one.dtype !== other.dtype || one.shape.join() !== other.shape.join()) return false;
  const others = checkpoint.chunks(b)[Symbol.asyncIterator]();
  for await (const bytes of checkpoint.chunks(a)) {
    const { value } = await others.next() as IteratorYieldResult<Uint8Array>; // pieces are as long as its own
    if (!isSame(bytes, value)) return false;
  }
  return true;
}
