// How a sound becomes a stream: two convolutions along time.

import type { Entry, Linear } from "../families/description.ts";
import type { Values } from "./inputs.ts";
import { apply, type Place } from "./place.ts";
import { readVectors } from "./table.ts";

/** What a convolution of width 3 reads for each of its outputs: the frame before, the frame and the one after, 0 outside. */
function surroundings(
  frames: Float64Array,
  channels: number,
  stride: number,
): { readonly values: Float64Array; readonly count: number } {
  const length = frames.length / channels;
  const count = Math.ceil(length / stride);
  const values = new Float64Array(count * channels * 3);
  for (let at = 0; at < count; at++) {
    for (let tap = 0; tap < 3; tap++) {
      const frame = at * stride + tap - 1;
      if (frame < 0 || frame >= length) continue;
      // a kernel is stored [outputs, channels, 3]
      for (let channel = 0; channel < channels; channel++) {
        values[(at * channels + channel) * 3 + tap] = frames[frame * channels + channel]!;
      }
    }
  }
  return { values, count };
}

/** GELU of a convolution of width 3 with padding 1 over frames [length, channels]. */
async function convolve<T>(
  place: Place<T>,
  kernel: Linear,
  frames: Float64Array,
  channels: number,
  stride: number,
): Promise<T> {
  const { values, count } = surroundings(frames, channels, stride);
  const read = place.arithmetic.matrix(values, count, channels * 3);
  return place.arithmetic.activate(await apply(place, kernel, read), "gelu");
}

/** [channels, length] → [length, channels] */
function transpose({ values }: Values, channels: number): Float64Array {
  const length = values.length / channels;
  return values.map((_, at) => values[at % channels * length + Math.floor(at / channels)]!);
}

/**
 * The start of a stream that reads a sound.
 *
 * @param place Where it runs.
 * @param entry How it starts.
 * @param width The width of the stream.
 * @param features The sound [channels, frames].
 * @returns [⌈frames / 2⌉, width]
 * @throws {RangeError} If the sound has other channels, or more frames than there are positions.
 */
export async function enterAudio<T>(
  place: Place<T>,
  entry: Extract<Entry, { kind: "audio" }>,
  width: number,
  features: Values,
): Promise<T> {
  const { arithmetic, tensors } = place;
  const { shape, values } = features;
  if (shape.length !== 2 || shape[0] !== entry.channels || shape[0] * shape[1]! !== values.length) {
    throw new RangeError(
      `Cannot read a sound of shape [${shape.join(", ")}] with ${values.length} values: ` +
        `expected [${entry.channels}, frames]`,
    );
  }
  const frames = transpose(features, entry.channels);
  const first = await convolve(place, entry.first, frames, entry.channels, 1);
  const [, channels] = arithmetic.size(first);
  const x = await convolve(place, entry.second, await arithmetic.read(first), channels, 2);
  const [length] = arithmetic.size(x);
  const positions = await readVectors(tensors, entry.positions, width, 0, length);
  return arithmetic.add(x, arithmetic.matrix(positions, length, width));
}
