// The error that an allocation throws when the memory of the WASM backend is full.

/** The memory of a backend is full; nothing was written, and what is freed can be used again. */
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
