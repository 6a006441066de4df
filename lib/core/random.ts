// Seeded random numbers. Every number of a run comes from one seed; `fork` names the stream that a purpose draws from, so that
// adding a parameter or a probe never shifts the draws of another.

import { xoroshiro128plus, xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { requireInteger } from "./check.ts";

type Generator = ReturnType<typeof xoroshiro128plus>;

/** A 32-bit hash of a text (FNV-1a with a final avalanche). */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const character of text) h = Math.imul(h ^ character.codePointAt(0)!, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Where a stream is, as JSON has it. */
export interface RandomState {
  /** The four words of the generator. */
  readonly words: readonly number[];
  /** The second of two normal numbers, where it is still to be given. */
  readonly spare?: number;
}

/**
 * A seeded stream of random numbers (xoroshiro128+).
 *
 * The same seed and the same calls give the same numbers on every backend and platform: they are drawn on the host.
 */
export class Random {
  /** The seed that the stream was made from. */
  readonly seed: number;
  readonly #label: string;
  #generator: Generator;
  #spare: number | undefined;

  /**
   * Starts the stream of a seed.
   *
   * @param seed A whole number ≥ 0.
   * @param label What the stream is for; streams of other labels are independent.
   * @throws {RangeError} If the seed is not a whole number ≥ 0.
   */
  constructor(seed: number, label = "") {
    this.seed = requireInteger("seed", seed, { min: 0 });
    this.#label = label;
    this.#generator = xoroshiro128plus(hash(`${seed}${label}`));
    for (let i = 0; i < 8; i++) this.#generator.next(); // the first outputs still show the seed's bits
  }

  /**
   * A stream of its own for one purpose; it does not depend on how many numbers were drawn here.
   *
   * @param label The purpose, such as `"dropout"` or a parameter's path.
   * @returns The stream.
   */
  fork(label: string | number): Random {
    return new Random(this.seed, `${this.#label}/${label}`);
  }

  /**
   * Where the stream is, to go on from there later.
   *
   * @returns The state, as JSON has it.
   */
  state(): RandomState {
    const words = [...this.#generator.getState()];
    return this.#spare === undefined ? { words } : { words, spare: this.#spare };
  }

  /**
   * Goes on from where another stream was.
   *
   * @param state What its {@linkcode Random.state} gave.
   * @throws {RangeError} If it is no such state.
   */
  goOn({ words, spare }: RandomState): void {
    const fits = Array.isArray(words) && words.length === 4 && words.every(Number.isInteger) &&
      words.some((word) => word !== 0) &&
      (spare === undefined || Number.isFinite(spare));
    if (!fits) {
      throw new RangeError(
        "Cannot go on with random numbers: it must be four whole words, not all 0",
      );
    }
    this.#generator = xoroshiro128plusFromState(words);
    this.#spare = spare;
  }

  /**
   * A uniform number.
   *
   * @returns A number in [0, 1).
   */
  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  /**
   * A uniform whole number.
   *
   * @param below The bound that it stays under.
   * @returns A whole number in [0, below).
   */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /**
   * A standard normal number (Box–Muller).
   *
   * @returns A number with mean 0 and variance 1.
   */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /**
   * Many normal numbers with mean 0.
   *
   * @param size How many.
   * @param std Their standard deviation.
   * @returns The numbers in single precision.
   */
  normals(size: number, std: number): Float32Array {
    return Float32Array.from({ length: size }, () => std * this.normal());
  }
}
