// Tensors over other tensors: some replaced by matrices that are computed when they are read, some new, some gone.

import type { DType } from "../checkpoint/dtype.ts";
import { rowsOf, type TensorShape, type TensorSource } from "../checkpoint/tensors.ts";
import type { LazyMatrix } from "./lazy_matrix.ts";

/** A tensor that is computed when it is read. */
export interface ComputedTensor extends TensorShape {
  /** Its numbers; the rows may be cut elsewhere than the tensor's. */
  readonly matrix: LazyMatrix;
}

/** What a conversion did to tensors. */
export class Overlay implements TensorSource {
  readonly #base: TensorSource;
  readonly #own = new Map<string, ComputedTensor>();
  readonly #gone = new Set<string>();

  /**
   * Starts with the tensors as they are.
   *
   * @param base Where they are.
   */
  constructor(base: TensorSource) {
    this.#base = base;
  }

  /** The names: those of the base, then new ones. */
  get names(): readonly string[] {
    const kept = this.#base.names.filter((name) => !this.#gone.has(name));
    return [...kept, ...[...this.#own.keys()].filter((name) => !this.#base.has(name))];
  }

  /** Whether there is a tensor of this name. */
  has(name: string): boolean {
    return this.#own.has(name) || (!this.#gone.has(name) && this.#base.has(name));
  }

  /**
   * The dtype and shape of a tensor.
   *
   * @throws {RangeError} If there is none of this name.
   */
  info(name: string): TensorShape {
    if (this.#gone.has(name)) {
      throw new RangeError(`Cannot find the tensor ${name}: it was removed`);
    }
    return this.#own.get(name) ?? this.#base.info(name);
  }

  /** The numbers of some rows. */
  async rows(name: string, first: number, count: number): Promise<Float64Array> {
    const own = this.#own.get(name);
    if (own === undefined) {
      this.info(name);
      return await this.#base.rows(name, first, count);
    }
    const { width } = rowsOf(own.shape);
    const cut = own.matrix.width;
    const [start, end] = [first * width, (first + count) * width];
    const from = Math.floor(start / cut);
    const numbers = await own.matrix.read(from, Math.ceil(end / cut) - from);
    return numbers.length === end - start
      ? numbers
      : numbers.slice(start - from * cut, end - from * cut);
  }

  /**
   * Where a tensor lies that no conversion has touched, for copying it as it is.
   *
   * @param name The tensor.
   * @returns Its source, or undefined where it is computed.
   */
  untouched(name: string): TensorSource | undefined {
    if (this.#own.has(name) || this.#gone.has(name)) return undefined;
    return this.#base instanceof Overlay ? this.#base.untouched(name) : this.#base;
  }

  /** Puts a tensor under a name, new or in place of another. */
  set(name: string, shape: readonly number[], dtype: DType, matrix: LazyMatrix): void {
    this.#gone.delete(name);
    this.#own.set(name, { shape, dtype, matrix });
  }

  /** Takes a tensor away, if there is one. */
  remove(name: string): void {
    this.#own.delete(name);
    if (this.#base.has(name)) this.#gone.add(name);
  }
}
