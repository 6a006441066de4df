// What the forward pass is written against: operations at the level at which each engine can be fast. A value is rows of a stream,
// [..., length, width]; how many sequences run at once is the engine's affair.

import type { Algebra } from "../residual/algebra.ts";
import type { GateActivation } from "../kernels/contract.ts";
import type {
  ActivationName,
  Attention,
  Convolution,
  Entry,
  Head,
  Linear,
  NormSpec,
  QkvOrder,
  Relative,
  Routing,
  RowKind,
  SingleEntry,
  Sinusoids,
  Stack,
  Table,
} from "./spec.ts";

/** Keys and values [S, G·K]. */
export interface KeysValues<T> {
  /** Keys. */
  readonly k: T;
  /** Values. */
  readonly v: T;
}

/** Queries [T, H·K] of attention. */
export interface Queries<T> {
  /** Queries. */
  readonly q: T;
  /** What each query's relative positions are multiplied by, where they have a gate: [T, H]. */
  readonly gates?: T;
}

/** What attention mixes. */
export interface QueriesKeysValues<T> extends Queries<T>, KeysValues<T> {}

/** What says which rows are read. */
export interface Picked extends Pick<Head, "endToken" | "padToken"> {
  /** Which of the rows that a stack gives. */
  readonly reads: Exclude<Head["reads"], RowKind | "late">;
}

/** An entry of one kind. */
export type EntryOf<K extends Entry["kind"]> = Extract<Entry, { readonly kind: K }>;

/** Executes a model, or writes down what would execute it. Parameters go by the names that the spec gives. */
export interface Interpreter<T> extends Algebra<T> {
  /** Whether there is a parameter of this name. */
  has(name: string): boolean;
  /** Whether there is the input that an entry reads. */
  reads(entry: SingleEntry): boolean;

  /** The rows of a table that the entry's tokens name: [length, width]. */
  tokens(entry: EntryOf<"tokens">, width: number): T;
  /** x plus the first rows of a table, or those of the places of an entry's tokens. */
  addPositions(x: T, table: Table, entry?: EntryOf<"tokens">): T;
  /** x plus the computed positions of an entry's tokens. */
  addSinusoids(x: T, entry: EntryOf<"tokens">, sinusoids: Sinusoids): T;
  /** x plus the first row of a table. */
  addFirst(x: T, table: Table): T;
  /** x, `count` rows, plus computed positions, sines and cosines in turn. */
  addAlternatingSinusoids(x: T, count: number): T;
  /** A linear map of each patch of the image: [patches, width]. */
  patches(entry: EntryOf<"patches">, width: number): T;
  /** How many patches the image has. */
  countPatches(entry: EntryOf<"patches">): number;
  /** The frames of a sound: [frames, channels]. */
  frames(entry: EntryOf<"audio">): T;
  /** A convolution along rows, without what is done behind it: [frames, outputs]. */
  convolve(x: T, convolution: Convolution): T;
  /** A LayerNorm of each column, with a gain and a bias for each. */
  normOverTime(x: T, norm: NormSpec): T;
  /** All vectors of a table as rows. */
  vectors(table: Table, width: number): T;
  /** How many vectors a table has. */
  countVectors(table: Table, width: number): number;
  /** Rows one after the other. */
  joinRows(parts: readonly T[]): T;
  /** The rows first, first + 1, …: `count` of them, or all that follow. */
  rows(x: T, first: number, count?: number): T;

  /** y = op(W) x + b. */
  linear(x: T, map: Linear): T;
  /** Several of the same rows at once, where the engine gains by that; else they are computed one by one. */
  linears?(x: T, maps: readonly Linear[]): readonly T[] | undefined;
  /** A norm of each row. */
  norm(x: T, norm: NormSpec): T;
  /** A norm of each head of each row. */
  normHeads(x: T, norm: NormSpec, headWidth: number): T;
  /** The weights of networks of each row, from their scores; 0 for those that are not chosen. */
  route(x: T, routing: Routing): T;
  /** x with each row multiplied by its number in a column of others. */
  multiplyColumn(x: T, others: T, column: number): T;
  /** The function of each number. */
  activate(x: T, activation: ActivationName): T;
  /** x ⊙ y, of equal shape. */
  multiply(x: T, y: T): T;
  /** x with each row multiplied by vectors that stand side by side, number by number. */
  multiplyVectors(x: T, vectors: readonly string[]): T;
  /** x cut to ± limit. */
  clip(x: T, limit: number): T;
  /** limit · tanh(x / limit). */
  softcap(x: T, limit: number): T;
  /** x + factor · Σx, with the sum of its row added to each number. */
  addSum(x: T, factor: number): T;
  /** The first and the second half of each row. */
  halves(x: T): readonly [T, T];
  /** The first `count` numbers of each row. */
  firstColumns(x: T, count: number): T;
  /** A learned scalar. */
  scalar(name: string): T;
  /** (1 − act(gate)) x, whose gradient to x is the identity. */
  gpas(x: T, gate: string, activation: GateActivation): T;

  /** Queries, keys and values out of the one matrix's outputs. */
  splitQkv(x: T, order: QkvOrder, attention: Attention): QueriesKeysValues<T>;
  /**
   * Rotation, scores, mask, softmax and the mix of values: [T, H·K].
   *
   * @param queries The queries.
   * @param keysValues Computes keys and values; an engine that kept them need not ask.
   * @param attention The attention.
   * @param label Names the attention of this site, such as `blocks.1.attn`.
   */
  attend(
    queries: Queries<T>,
    keysValues: () => KeysValues<T>,
    attention: Attention,
    label: string,
  ): T;
  /** The gates of relative positions of what attention reads: [T, H]. */
  relativeGates(x: T, gate: NonNullable<Relative["gate"]>, attention: Attention): T;
  /** The rows of a final norm that a head reads. */
  pick(x: T, head: Picked, stack: Stack): T;
}
