// Sounds as rows: their frames, convolutions along time, and norms over time.

import { readTensor, type TensorSource } from "../checkpoint/tensors.ts";
import type { EntryOf } from "../model/interpreter.ts";
import type { Convolution, NormSpec } from "../model/spec.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Values } from "./inputs.ts";
import { inScope, readIfThere, type Stored } from "./stored_parameters.ts";

/** [rows, columns] → [columns, rows] */
function transpose(values: Float64Array, rows: number): Float64Array {
  const columns = values.length / rows;
  return values.map((_, at) => values[at % rows * columns + Math.floor(at / rows)]!);
}

/**
 * The frames of a sound as rows.
 *
 * @param arithmetic What computes.
 * @param entry What reads them.
 * @param sound Features [channels, frames] or a waveform [samples].
 * @returns [frames, channels]
 * @throws {RangeError} If the sound has another shape.
 */
export function framesOf<T>(
  arithmetic: Arithmetic<T>,
  { input, channels }: EntryOf<"audio">,
  { shape, values }: Values,
): T {
  const given = input === "waveform" ? [1, ...shape] : shape;
  if (given.length !== 2 || given[0] !== channels || channels * given[1]! !== values.length) {
    const expected = input === "waveform" ? "[samples]" : `[${channels}, frames]`;
    throw new RangeError(
      `Cannot read a sound of shape [${shape.join(", ")}] with ${values.length} values: ` +
        `expected ${expected}`,
    );
  }
  return arithmetic.matrix(transpose(values, channels), given[1]!, channels);
}

/**
 * How many outputs a convolution has.
 *
 * @param length The number of frames that it reads.
 * @param convolution The convolution.
 * @returns Their number.
 * @throws {RangeError} If the frames are too few for one.
 */
export function countOutputs(
  length: number,
  { linear, width, stride, padding: [before, behind] }: Convolution,
): number {
  const count = Math.floor((length + before + behind - width) / stride) + 1;
  if (count >= 1) return count;
  throw new RangeError(
    `Cannot read a sound of ${length} frames with ${linear.weight}: it reads ${width} at a time`,
  );
}

/** What some outputs of a part of a convolution are computed of: rows of (channel, frame), 0 outside. */
function windows(
  frames: Float64Array,
  channels: number,
  { width, stride, padding: [before], groups }: Convolution,
  of: { readonly group: number; readonly first: number; readonly count: number },
): Float64Array {
  const own = channels / groups;
  const length = frames.length / channels;
  const values = new Float64Array(of.count * own * width);
  for (let at = 0; at < of.count; at++) {
    for (let tap = 0; tap < width; tap++) {
      const frame = (of.first + at) * stride + tap - before;
      if (frame < 0 || frame >= length) continue;
      const start = frame * channels + of.group * own;
      for (let channel = 0; channel < own; channel++) {
        values[(at * own + channel) * width + tap] = frames[start + channel]!;
      }
    }
  }
  return values;
}

/**
 * The kernel of a convolution; of one with lengths, its directions times those.
 *
 * @param tensors Where it is.
 * @param convolution The convolution.
 * @returns [outputs · inputs / groups · width]
 */
export async function kernelOf(
  tensors: TensorSource,
  { linear, lengths, width }: Convolution,
): Promise<Float64Array> {
  const kernel = await readTensor(tensors, linear.weight);
  if (lengths === undefined) return kernel;
  const squares = new Float64Array(width);
  for (let at = 0; at < kernel.length; at++) squares[at % width]! += kernel[at]! ** 2;
  const wanted = await readTensor(tensors, lengths);
  const factors = squares.map((square, tap) => wanted[tap]! / Math.sqrt(square));
  return kernel.map((value, at) => value * factors[at % width]!);
}

/** Numbers that the outputs of a part are computed of at a time: 16 MiB in float64. */
const together = 2 ** 21;

/**
 * A convolution along rows, without what is done behind it.
 *
 * Shapes: x [frames, inputs] · returns [outputs, channels]
 *
 * @param stored Where it runs.
 * @param x The frames.
 * @param convolution The convolution.
 * @returns Its outputs.
 * @throws {RangeError} If the frames are too few.
 */
export async function convolve<T>(stored: Stored<T>, x: T, convolution: Convolution): Promise<T> {
  const { arithmetic, tensors } = stored;
  const { width, groups, linear } = convolution;
  const [length, channels] = arithmetic.size(x);
  const count = countOutputs(length, convolution);
  const frames = await arithmetic.read(x);
  const kernel = await kernelOf(tensors, convolution);
  const inputs = channels / groups * width;
  const outputs = kernel.length / inputs / groups;
  const step = Math.max(1, Math.floor(together / inputs));
  const parts: T[] = [];
  for (let group = 0; group < groups; group++) {
    const own = kernel.subarray(group * outputs * inputs, (group + 1) * outputs * inputs);
    const w = arithmetic.matrix(own, outputs, inputs);
    const rows: T[] = [];
    for (let first = 0; first < count; first += step) {
      const of = { group, first, count: Math.min(step, count - first) };
      rows.push(
        await inScope(stored, ({ arithmetic: inner }) => {
          const read = inner.matrix(windows(frames, channels, convolution, of), of.count, inputs);
          return Promise.resolve(inner.product(read, w, "out-in"));
        }),
      );
    }
    parts.push(arithmetic.joinRows(rows));
  }
  const bias = await readIfThere(tensors, linear.bias);
  const joined = arithmetic.joinColumns(parts);
  return bias === undefined ? joined : arithmetic.addRow(joined, bias);
}

/**
 * A LayerNorm of each column.
 *
 * @param stored Where it runs.
 * @param norm The norm, with a gain and a bias for each column.
 * @param x [rows, columns]
 * @returns [rows, columns]
 */
export async function normalizeColumns<T>(
  { arithmetic, tensors }: Stored<T>,
  { eps, gain, bias }: NormSpec,
  x: T,
): Promise<T> {
  const [rows, columns] = arithmetic.size(x);
  const turned = arithmetic.matrix(transpose(await arithmetic.read(x), rows), columns, rows);
  const normed = await arithmetic.read(arithmetic.norm(turned, { kind: "layer", eps }));
  const back = arithmetic.matrix(transpose(normed, columns), rows, columns);
  const [gains, biases] = [await readIfThere(tensors, gain), await readIfThere(tensors, bias)];
  const scaled = gains === undefined ? back : arithmetic.multiplyRow(back, gains);
  return biases === undefined ? scaled : arithmetic.addRow(scaled, biases);
}
