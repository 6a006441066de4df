// The keys and values of tokens that were read already, so that each further token is one row of work.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { KeyValueStore } from "./eager_attention.ts";

/** Keys and values of a place, [B·G, S, K]. */
interface Held {
  readonly k: Tensor;
  readonly v: Tensor;
}

/** A key–value cache of one batch of sequences; its owner frees it. */
export class KeyValueCache implements KeyValueStore, Disposable {
  readonly #held = new Map<string, Held>();
  #past = 0;

  /** How many tokens were read. */
  get past(): number {
    return this.#past;
  }

  /**
   * Adds the keys and values of new tokens at a place.
   *
   * Shapes: k and v [B·G, T, K] · returns [B·G, S + T, K]
   *
   * @param label The place, such as `blocks.1.attn`.
   * @param k The new keys.
   * @param v The new values.
   * @returns Those of all tokens; the cache frees them.
   */
  extend(label: string, k: Tensor, v: Tensor): Held {
    const before = this.#held.get(label);
    const join = (old: Tensor | undefined, fresh: Tensor): Tensor =>
      tf.keep(old === undefined ? fresh.clone() : tf.concat([old, fresh], 1));
    const all = { k: join(before?.k, k), v: join(before?.v, v) };
    this.#held.set(label, all);
    tf.dispose([before?.k, before?.v].filter((one) => one !== undefined));
    return all;
  }

  /**
   * Notes that tokens were read, once every place has their keys and values.
   *
   * @param count How many.
   */
  advance(count: number): void {
    this.#past += count;
  }

  /** Frees everything; the cache is empty then. */
  [Symbol.dispose](): void {
    for (const { k, v } of this.#held.values()) tf.dispose([k, v]);
    this.#held.clear();
    this.#past = 0;
  }
}
