// The error that a damaged checkpoint causes, with the file and what is wrong in it.

/**
 * A file that is not what the safetensors format allows.
 *
 * Cause: a download that was cut, a pointer of Git LFS in the place of a file, or a file of another format.
 * Remedy: fetch the file again; `git lfs pull` puts files in the place of pointers.
 */
export class SafetensorsError extends SyntaxError {
  /** The name of the class, for messages. */
  override readonly name = "SafetensorsError";
  /** The file. */
  readonly path: string;
  /** The rule that it breaks, and where. */
  readonly reason: string;

  /**
   * Says which file is bad and why.
   *
   * @param path The file.
   * @param reason The rule that it breaks, and where.
   * @param options The error behind it, if there is one.
   */
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`Cannot read ${path}: ${reason}`, options);
    this.path = path;
    this.reason = reason;
  }
}
