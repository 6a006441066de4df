// How a stream starts: from tokens, the patches of an image, or a sound.

import type { EntryOf, Interpreter } from "./interpreter.ts";
import { countPatches } from "./patches.ts";
import { type Convolution, type Entry, isCompressed, type RowKind, type Stack } from "./spec.ts";

function enterTokens<T>(
  engine: Interpreter<T>,
  entry: EntryOf<"tokens">,
  width: number,
): T {
  const { scale, projection, positions, sinusoids, segments } = entry;
  const rows = engine.tokens(entry, projection?.width ?? width);
  const scaled = scale === 1 ? rows : engine.scale(scale, rows);
  const x = projection === undefined ? scaled : engine.linear(scaled, projection.linear);
  const learned = positions === undefined ? x : engine.addPositions(x, positions, entry);
  const placed = sinusoids === undefined ? learned : engine.addSinusoids(learned, entry, sinusoids);
  return segments === undefined ? placed : engine.addFirst(placed, segments);
}

/** Patches without position embeddings have to be those of the image that the model was made for. */
function requireCount<T>(engine: Interpreter<T>, entry: EntryOf<"patches">): void {
  const [count, known] = [engine.countPatches(entry), countPatches(entry)];
  if (count === known) return;
  throw new RangeError(
    `Cannot place ${count} patches: an input of ${entry.imageSize.join(" × ")} has ${known}`,
  );
}

/** Tokens in front, then the patches; positions are added to all of them or to the patches, whichever they are as many as. */
function placePatches<T>(engine: Interpreter<T>, entry: EntryOf<"patches">, width: number): T {
  const { before, positions, imageSize } = entry;
  const patches = engine.patches(entry, width);
  const tokens = before.map((table) => engine.vectors(table, width));
  if (positions === undefined) {
    requireCount(engine, entry);
    const x = entry.sinusoids === true
      ? engine.addAlternatingSinusoids(patches, countPatches(entry))
      : patches;
    return engine.joinRows([...tokens, x]);
  }
  const [count, positioned] = [
    engine.countPatches(entry),
    engine.countVectors(positions, width),
  ];
  const ahead = before.reduce((sum, table) => sum + engine.countVectors(table, width), 0);
  if (positioned !== count && positioned !== count + ahead) {
    throw new RangeError(
      `Cannot add ${positioned} positions to ${count} patches and ${ahead} tokens in front: ` +
        `is the image ${imageSize.join(" × ")}?`,
    );
  }
  const placed = (x: T): T => engine.addPositions(x, positions);
  return positioned === count
    ? engine.joinRows([...tokens, placed(patches)])
    : placed(engine.joinRows([...tokens, patches]));
}

function enterPatches<T>(engine: Interpreter<T>, entry: EntryOf<"patches">, width: number): T {
  const x = placePatches(engine, entry, width);
  if (entry.registers === undefined) return x;
  const registers = engine.vectors(entry.registers, width);
  return engine.joinRows([engine.rows(x, 0, 1), registers, engine.rows(x, 1)]);
}

/** Convolutions one after the other, each with its norm and its function. */
function convolveAll<T>(engine: Interpreter<T>, x: T, all: readonly Convolution[]): T {
  return all.reduce((frames, one) => {
    const { norm, overTime, activation } = one;
    const heard = engine.convolve(frames, one);
    const normed = norm === undefined
      ? heard
      : overTime === true
      ? engine.normOverTime(heard, norm)
      : engine.norm(heard, norm);
    return engine.activate(normed, activation);
  }, x);
}

function enterSound<T>(engine: Interpreter<T>, entry: EntryOf<"audio">): T {
  const { convolutions, norm, projection, positions, positionConvolutions } = entry;
  const heard = convolveAll(engine, engine.frames(entry), convolutions);
  const normed = norm === undefined ? heard : engine.norm(heard, norm);
  const x = projection === undefined ? normed : engine.linear(normed, projection);
  if (positionConvolutions !== undefined) {
    return engine.add(x, convolveAll(engine, x, positionConvolutions));
  }
  return positions === undefined ? x : engine.addPositions(x, positions);
}

function start<T>(engine: Interpreter<T>, entry: Entry, width: number): T {
  switch (entry.kind) {
    case "tokens":
      return enterTokens(engine, entry, width);
    case "patches":
      return enterPatches(engine, entry, width);
    case "audio":
      return enterSound(engine, entry);
    case "patches-and-tokens":
      return engine.joinRows([
        enterPatches(engine, entry.patches, width),
        enterTokens(engine, entry.tokens, width),
      ]);
  }
}

/** The width of what enters: what cannot be centered enters with all d values; CRMSNorm's stream then goes on with the first d − 1. */
function enteringWidth(stack: Stack): number {
  return stack.recenter && isCompressed(stack) ? stack.width + 1 : stack.width;
}

/**
 * The rows of a stack's patches, or of the tokens behind them.
 *
 * @param engine What executes it.
 * @param stack A stack that starts with patches, for tokens with both.
 * @param which Which.
 * @returns The first of those rows, and how many there are of patches.
 * @throws {RangeError} If it starts with something else.
 */
export function rowsOfKind<T>(
  engine: Interpreter<T>,
  stack: Stack,
  which: RowKind,
): readonly [first: number, count?: number] {
  const { entry } = stack;
  const isBoth = entry.kind === "patches-and-tokens";
  const patches = isBoth ? entry.patches : entry;
  if (patches.kind !== "patches" || (which === "tokens" && !isBoth)) {
    throw new RangeError(
      `Cannot tell ${which} from other rows of a stack that starts with ${entry.kind}`,
    );
  }
  const { before, registers } = patches;
  const width = enteringWidth(stack);
  const first = [...before, ...(registers === undefined ? [] : [registers])]
    .reduce((sum, table) => sum + engine.countVectors(table, width), 0);
  const count = engine.countPatches(patches);
  return which === "patches" ? [first, count] : [first + count];
}

/**
 * The stream where the layers start.
 *
 * @param engine What executes it.
 * @param stack The stack.
 * @param entered Changes what enters, before any norm.
 * @returns Rows [length, D], D the width of the stack.
 * @throws {RangeError} If the input or a parameter does not fit the entry.
 */
export function enter<T>(engine: Interpreter<T>, stack: Stack, entered: (x: T) => T): T {
  const width = enteringWidth(stack);
  let x = entered(start(engine, stack.entry, width));
  if (stack.entryNorm !== undefined) x = engine.norm(x, stack.entryNorm);
  if (stack.recenter) x = engine.addSum(x, -1 / width);
  return width > stack.width ? engine.firstColumns(x, stack.width) : x;
}
