// A checkpoint whose tensors are called otherwise than in its files.

import { excerpt } from "../core/excerpt.ts";
import type { Checkpoint } from "./reader.ts";
import type { TensorShape } from "./tensors.ts";

/** An open checkpoint under other names; two may stand for one tensor. */
export class RenamedCheckpoint implements Checkpoint {
  readonly #base: Checkpoint;
  readonly #stored: ReadonlyMap<string, string>;
  /** What the tensors are called once they are mended. */
  readonly names: readonly string[];
  /** What was done, to the files and to the names. */
  readonly mended: readonly string[];

  /**
   * Gives tensors other names.
   *
   * @param base The checkpoint.
   * @param stored What each tensor is called in it.
   * @param mended Why.
   */
  constructor(base: Checkpoint, stored: ReadonlyMap<string, string>, mended: readonly string[]) {
    this.#base = base;
    this.#stored = stored;
    this.names = [...stored.keys()];
    this.mended = [...base.mended, ...mended];
  }

  /** Texts about the checkpoint. */
  get metadata(): Checkpoint["metadata"] {
    return this.#base.metadata;
  }

  /** Whether there is a tensor of this name. */
  has(name: string): boolean {
    return this.#stored.has(name);
  }

  /** The dtype and shape of a tensor. */
  info(name: string): TensorShape {
    return this.#base.info(this.#name(name));
  }

  /** The numbers of some rows. */
  async rows(name: string, first: number, count: number): Promise<Float64Array> {
    return await this.#base.rows(this.#name(name), first, count);
  }

  /** The bytes of some rows. */
  async bytes(
    ...[name, ...rows]: Parameters<Checkpoint["bytes"]>
  ): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#base.bytes(this.#name(name), ...rows);
  }

  /** All bytes of a tensor. */
  chunks(name: string): ReturnType<Checkpoint["chunks"]> {
    return this.#base.chunks(this.#name(name));
  }

  /** Closes the files. */
  close(): void {
    this.#base.close();
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** What a tensor is called in the files. */
  #name(name: string): string {
    const stored = this.#stored.get(name);
    if (stored !== undefined) return stored;
    throw new RangeError(`Cannot read ${excerpt(name)}: there is no such tensor`);
  }
}
