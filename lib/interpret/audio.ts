// Sounds as rows: two convolutions along time.

import type { EntryOf } from "../model/interpreter.ts";
import type { Linear } from "../model/spec.ts";
import type { Values } from "./inputs.ts";
import { apply, type Stored } from "./stored_parameters.ts";

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
  stored: Stored<T>,
  kernel: Linear,
  frames: Float64Array,
  channels: number,
  stride: number,
): Promise<T> {
  const { values, count } = surroundings(frames, channels, stride);
  const read = stored.arithmetic.matrix(values, count, channels * 3);
  return stored.arithmetic.activate(await apply(stored, kernel, read), "gelu");
}

/** [channels, length] → [length, channels] */
function transpose({ values }: Values, channels: number): Float64Array {
  const length = values.length / channels;
  return values.map((_, at) => values[at % channels * length + Math.floor(at / channels)]!);
}

/**
 * The two convolutions of a sound.
 *
 * @param stored Where it runs.
 * @param entry The convolutions.
 * @param features The sound [channels, frames].
 * @returns [⌈frames / 2⌉, width]
 * @throws {RangeError} If the sound has other channels.
 */
export async function mapFrames<T>(
  stored: Stored<T>,
  entry: EntryOf<"audio">,
  features: Values,
): Promise<T> {
  const { arithmetic } = stored;
  const { shape, values } = features;
  if (shape.length !== 2 || shape[0] !== entry.channels || shape[0] * shape[1]! !== values.length) {
    throw new RangeError(
      `Cannot read a sound of shape [${shape.join(", ")}] with ${values.length} values: ` +
        `expected [${entry.channels}, frames]`,
    );
  }
  const frames = transpose(features, entry.channels);
  const first = await convolve(stored, entry.first, frames, entry.channels, 1);
  const [, channels] = arithmetic.size(first);
  return await convolve(stored, entry.second, await arithmetic.read(first), channels, 2);
}
