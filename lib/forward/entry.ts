// How a stream starts.

import { requireInteger } from "../core/check.ts";
import { enterAudio } from "./audio.ts";
import type { Entry, Stack } from "../families/description.ts";
import { isCompressed } from "../families/form.ts";
import { enterImage } from "./image.ts";
import { type ModelInputs, requireInput } from "./inputs.ts";
import { inScope, normalize, type Place } from "./place.ts";
import { readVectors } from "./table.ts";

/** Token embeddings with their positions: [T, width]. */
async function enterTokens<T>(
  { arithmetic, tensors }: Place<T>,
  entry: Extract<Entry, { kind: "tokens" }>,
  width: number,
  tokens: readonly number[],
): Promise<T> {
  requireInteger("the number of tokens", tokens.length, { min: 1 });
  const values = new Float64Array(tokens.length * width);
  for (const [at, token] of tokens.entries()) {
    values.set(await readVectors(tensors, entry.tokens, width, token, 1), at * width);
  }
  const embedded = arithmetic.matrix(values, tokens.length, width);
  const x = entry.scale === 1 ? embedded : arithmetic.scale(embedded, entry.scale);
  if (entry.positions === undefined) return x;
  const { positions, offset } = entry;
  const added = await readVectors(tensors, positions, width, offset, tokens.length);
  return arithmetic.add(x, arithmetic.matrix(added, tokens.length, width));
}

/** The stream of the width at which it enters. */
async function start<T>(
  place: Place<T>,
  entry: Entry,
  width: number,
  inputs: ModelInputs,
): Promise<T> {
  switch (entry.kind) {
    case "tokens":
      return await enterTokens(place, entry, width, requireInput(inputs, "tokens"));
    case "patches":
      return await enterImage(place, entry, width, requireInput(inputs, "pixels"));
    case "audio":
      return await enterAudio(place, entry, width, requireInput(inputs, "features"));
  }
}

/**
 * The stream where the layers start.
 *
 * @param place Where it runs.
 * @param stack The stack.
 * @param inputs What the model reads.
 * @returns [T, D], D the width of the stack.
 * @throws {RangeError} If the input is missing or does not fit the entry.
 */
export function enter<T>(place: Place<T>, stack: Stack, inputs: ModelInputs): Promise<T> {
  // what cannot be centered enters with all d values; CRMSNorm's stream then goes on with the first d − 1
  const isCut = stack.recenter && isCompressed(stack);
  const width = isCut ? stack.width + 1 : stack.width;
  return inScope(place, async (inner) => {
    const { arithmetic } = inner;
    let x: T = await start(inner, stack.entry, width, inputs);
    if (stack.entryNorm !== undefined) x = await normalize(inner, stack.entryNorm, x);
    if (stack.recenter) x = arithmetic.addSum(x, -1 / width);
    return isCut ? arithmetic.columns(x, 0, stack.width) : x;
  });
}
