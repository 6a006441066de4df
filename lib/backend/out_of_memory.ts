// A full memory of the WASM backend: the error that an allocation throws, and a look ahead.

import * as tf from "@tensorflow/tfjs";

/**
 * The memory of a backend is full; nothing was written, and what is freed can be used again.
 *
 * Cause: tensors that are alive, and the one that was asked for, take more than the 4 GiB of WASM, or than the machine has.
 * Remedy: free what is no longer needed (`tf.tidy`, `disposeTree()`), take smaller batches, or use WebGPU.
 */
export class OutOfMemoryError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "OutOfMemoryError";
  /** The bytes that were asked for. */
  readonly requested: number;
  /** The bytes of all tensors that were alive. */
  readonly inUse: number;

  /**
   * Says what did not fit.
   *
   * @param requested The bytes that were asked for.
   * @param inUse The bytes of all tensors that are alive.
   */
  constructor(requested: number, inUse: number) {
    super(
      `Cannot allocate ${requested} bytes on the wasm backend, whose tensors take ${inUse} bytes: ` +
        "WASM has at most 4 GiB, and no more than the machine can give. " +
        "Free tensors, or use smaller ones",
    );
    this.requested = requested;
    this.inUse = inUse;
  }
}

/** The bytes that an address of WASM can tell apart; more would be taken modulo 4 GiB. */
export const addressable = 2 ** 32;

/**
 * Requires room for new tensors where it is known how much there can be, before the first is made.
 *
 * @param bytes What they take at least.
 * @throws {OutOfMemoryError} If the backend is WASM and they cannot lie beside the tensors that are alive.
 */
export function requireMemory(bytes: number): void {
  const { numBytes } = tf.memory();
  if (tf.getBackend() === "wasm" && bytes + numBytes > addressable) {
    throw new OutOfMemoryError(bytes, numBytes);
  }
}
