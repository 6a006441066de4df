// What connectionist temporal classification knows before it runs: which symbols the states of a row emit, in which frames, and where
// all that lies in flat tensors. Labels and lengths are host arrays, so nothing here waits for a backend.

import { requireInteger } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { lowest } from "./second_derivatives.ts";

/** What tells frames from padding, and symbols from none. */
export interface CtcOptions {
  /** How many frames of each row count, those that follow being padding; all by default. */
  readonly lengths?: readonly number[] | Int32Array;
  /** The class that stands for no symbol; 0 by default. */
  readonly blank?: number;
}

const optionKinds: OptionKinds<CtcOptions> = { lengths: "list?", blank: "number?" };

/** The symbols of one row, without blanks. */
export type CtcLabel = readonly number[] | Int32Array;

/** One row: its states in their order, and its frames in theirs. */
export interface CtcRow {
  /** The symbol of each state: a blank, then each symbol of the label with a blank behind it. */
  readonly symbols: readonly number[];
  /** Places among the frames that count. */
  readonly frames: readonly number[];
}

/** The rows of a batch. */
export interface CtcBatch {
  /** The rows, whose symbols are classes. */
  readonly rows: readonly CtcRow[];
  /** The class that stands for no symbol. */
  readonly blank: number;
  /** The frames that count, by their places among all B · T. */
  readonly kept: Int32Array;
}

/**
 * Requires a batch that can be aligned.
 *
 * @param shape The logits' shape, [B, T, V].
 * @param labels One for each row.
 * @param options Lengths and the blank.
 * @returns Its rows.
 * @throws {RangeError} If the shape is another, rows, lengths or labels do not fit each other, or a label has no room in its frames.
 */
export function ctcBatch(
  shape: readonly number[],
  labels: readonly CtcLabel[],
  options: CtcOptions,
): CtcBatch {
  requireOptions("ctcLoss()", options, optionKinds);
  const [count, most, classes] = shape;
  if (shape.length !== 3 || shape.includes(0)) {
    throw new RangeError(
      `Cannot align logits of shape [${
        shape.join(", ")
      }]: they must be [B, T, V], one row, frame and class at least`,
    );
  }
  const blank = requireInteger("blank", options.blank ?? 0, { min: 0, below: classes! });
  const lengths = options.lengths ?? labels.map(() => most!);
  for (const [what, { length }] of Object.entries({ labels, lengths })) {
    if (length === count) continue;
    throw new RangeError(`Cannot use ${length} ${what} for ${count} rows: they must be as many`);
  }
  let before = 0;
  const rows = labels.map((label, row): CtcRow => {
    const length = requireInteger(`lengths[${row}]`, lengths[row]!, { min: 1, max: most! });
    requireLabel(row, label, { classes: classes!, blank, length });
    const first = before;
    before += length;
    return {
      symbols: [blank, ...Array.from(label).flatMap((symbol) => [symbol, blank])],
      frames: Array.from({ length }, (_, frame) => first + frame),
    };
  });
  const kept = rows.flatMap(({ frames }, row) => frames.map((_, frame) => row * most! + frame));
  return { rows, blank, kept: Int32Array.from(kept) };
}

/** Requires symbols that are classes and no blank, and as many frames as they take. */
function requireLabel(
  row: number,
  label: CtcLabel,
  limits: { readonly classes: number; readonly blank: number; readonly length: number },
): void {
  const symbols = Array.from(label);
  for (const symbol of symbols) {
    requireInteger(`symbol of label ${row}`, symbol, { min: 0, below: limits.classes });
    if (symbol === limits.blank) {
      throw new RangeError(
        `Cannot use label ${row} with ${symbol} in it: that is the blank, which stands for no symbol`,
      );
    }
  }
  const repeats = symbols.filter((symbol, at) => symbol === symbols[at - 1]).length;
  const needed = symbols.length + repeats;
  if (needed > limits.length) {
    throw new RangeError(
      `Cannot align label ${row} with ${limits.length} frames: its ${symbols.length} symbols, ` +
        `${repeats} of them equal to the one before, take ${needed}`,
    );
  }
}

/** A row from its end: what is left of it at a state there is what came before a state here. */
export const reversed = ({ symbols, frames }: CtcRow): CtcRow => ({
  symbols: symbols.toReversed(),
  frames: frames.toReversed(),
});

/** Rows brought to one length and one number of states: the last frame of what is shorter repeats, states beyond a label are closed. */
export class CtcGrid {
  /** Those of a batch, or both directions of them. */
  readonly rows: readonly CtcRow[];
  /** The most frames of a row. */
  readonly steps: number;
  /** The most states of a row. */
  readonly states: number;
  readonly #blank: number;

  constructor(rows: readonly CtcRow[], blank: number) {
    this.rows = rows;
    this.steps = rows.reduce((most, { frames }) => Math.max(most, frames.length), 0);
    this.states = rows.reduce((most, { symbols }) => Math.max(most, symbols.length), 0);
    this.#blank = blank;
  }

  /** For each step, row and state the place of its symbol among those of all frames, [N, V]. */
  emitted(classes: number): Int32Array {
    const { steps, rows, states } = this;
    return Int32Array.from({ length: steps * rows.length * states }, (_, at) => {
      const { symbols, frames } = rows[Math.floor(at / states) % rows.length]!;
      const step = Math.floor(at / states / rows.length);
      const symbol = symbols[at % states] ?? this.#blank;
      return frames[Math.min(step, frames.length - 1)]! * classes + symbol;
    });
  }

  /** 0 for each row and state that is open, the lowest score for others. */
  mask(isOpen: (symbols: readonly number[], state: number) => boolean): Float32Array {
    const { rows, states } = this;
    return Float32Array.from(
      { length: rows.length * states },
      (_, at) => isOpen(rows[Math.floor(at / states)]!.symbols, at % states) ? 0 : lowest,
    );
  }

  /**
   * For each row and state the three states that it is entered from, by their places in [R · S]: itself, the one before, and the one two
   * before, where the blank between different symbols may be left out. Where there is none it is the place R · S.
   */
  entrances(): Int32Array {
    const { rows, states } = this;
    const none = rows.length * states;
    return Int32Array.from({ length: 3 * none }, (_, at) => {
      const [cell, back] = [Math.floor(at / 3), at % 3];
      const { symbols } = rows[Math.floor(cell / states)]!;
      const state = cell % states;
      const skips = symbols[state] !== this.#blank && symbols[state] !== symbols[state - 2];
      return back <= state && (back < 2 || skips) ? cell - back : none;
    });
  }
}

/** Where a row's cells lie in [T, 2 B, S], whose first B rows go forward and whose others from the end; both as [B, T, S]. */
export function meetings(
  { rows }: CtcBatch,
  { steps, states }: CtcGrid,
): { readonly past: Int32Array; readonly future: Int32Array } {
  const [past, future] = [0, 1].map(() => new Int32Array(rows.length * steps * states));
  let at = 0;
  for (const [row, { symbols, frames }] of rows.entries()) {
    for (let step = 0; step < steps; step++) {
      for (let state = 0; state < states; state++, at++) {
        const left = Math.max(0, frames.length - 1 - step); // what is closed, or padding, may be any
        const ahead = Math.max(0, symbols.length - 1 - state);
        past![at] = (2 * rows.length * step + row) * states + state;
        future![at] = (2 * rows.length * left + rows.length + row) * states + ahead;
      }
    }
  }
  return { past: past!, future: future! };
}
