// The keys and values of what was read already, so that each further token is one row of work, and memories are projected once.

import * as tf from "@tensorflow/tfjs";
import { disposeTree } from "../core/tree.ts";
import type { Tensor } from "../core/tensor.ts";
import type { KeysValues } from "../model/interpreter.ts";
import { lookup } from "../ops/lookup.ts";
import type { KeyValueStore } from "./eager_attention.ts";

/** Keys and values of a place, [B, S, G, K]. */
type Held = KeysValues<Tensor>;

/** Those of some sequences of `count`, in an order; the others are freed. */
function pickHeld(held: Map<string, Held>, rows: readonly number[], count: number): void {
  const ids = Int32Array.from(rows);
  const pick = (x: Tensor): Tensor => {
    const perSequence = tf.reshape(x, [count, x.size / count]);
    return tf.reshape(lookup(perSequence, ids), [rows.length, ...x.shape.slice(1)]);
  };
  for (const [label, before] of held) {
    held.set(label, tf.tidy(() => ({ k: tf.keep(pick(before.k)), v: tf.keep(pick(before.v)) })));
    disposeTree(before);
  }
}

/** A key–value cache of one batch of sequences; its owner frees it. */
export class KeyValueCache implements KeyValueStore, Disposable {
  readonly #held = new Map<string, Held>();
  readonly #memories = new Map<string, Held>();
  #past = 0;
  /** The sequence of the first run that each continues, whose memory it has. */
  #origins: readonly number[] | undefined;

  /** How many tokens were read. */
  get past(): number {
    return this.#past;
  }

  /**
   * Adds the keys and values of new tokens at a place.
   *
   * Shapes: k and v [B, T, G, K] · returns [B, S + T, G, K]
   *
   * @param label The place, such as `blocks.1.attn`.
   * @param fresh The new keys and values.
   * @returns Those of all tokens; the cache frees them.
   */
  extend(label: string, fresh: Held): Held {
    const before = this.#held.get(label);
    const join = (old: Tensor | undefined, own: Tensor): Tensor =>
      tf.keep(old === undefined ? own.clone() : tf.concat([old, own], 1));
    const all = { k: join(before?.k, fresh.k), v: join(before?.v, fresh.v) };
    this.#held.set(label, all);
    if (before !== undefined) disposeTree(before);
    return all;
  }

  /**
   * The keys and values of a memory at a place.
   *
   * @param label The place, such as `decoder.blocks.1.cross_attn`.
   * @param make Computes them; it is called once.
   * @returns Those of the first run; the cache frees them.
   */
  recall(label: string, make: () => Held): Held {
    const before = this.#memories.get(label);
    if (before !== undefined) return before;
    const { k, v } = make();
    const kept = { k: tf.keep(k.clone()), v: tf.keep(v.clone()) };
    this.#memories.set(label, kept);
    return kept;
  }

  /**
   * Notes that tokens were read, once every place has their keys and values.
   *
   * @param count How many.
   */
  advance(count: number): void {
    this.#past += count;
  }

  /**
   * Goes on with some of its sequences, each once, several times or not at all (beam search).
   *
   * @param rows Which sequences, in the order in which they go on.
   * @param count How many sequences there are.
   */
  pick(rows: readonly number[], count: number): void {
    const all = Array.from({ length: count }, (_, row) => row);
    const before = this.#origins ?? all;
    const after = rows.map((row) => before[row]!);
    const isSame = (a: readonly number[], b: readonly number[]): boolean =>
      a.length === b.length && a.every((one, at) => one === b[at]);
    if (!isSame(rows, all)) pickHeld(this.#held, rows, count);
    if (!isSame(after, before)) pickHeld(this.#memories, rows, count);
    this.#origins = after;
  }

  /** Frees everything; the cache is empty then. */
  [Symbol.dispose](): void {
    for (const held of [this.#held, this.#memories]) {
      for (const one of held.values()) disposeTree(one);
      held.clear();
    }
    this.#past = 0;
    this.#origins = undefined;
  }
}
