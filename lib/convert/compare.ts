// Two models on the same input, side by side: how far their streams are apart after each layer, and their outputs.

import { type DType, ulp } from "../checkpoint/dtype.ts";
import type { Arithmetic } from "../interpret/arithmetic.ts";
import { runModel } from "../interpret/stream.ts";
import type { ModelInputs, Values } from "../interpret/inputs.ts";
import type { Model } from "../families/model.ts";
import { isCentered, streamNorm } from "./convert.ts";

/** How far numbers are from what they should be. */
export interface Difference {
  /** The largest absolute difference. */
  readonly maxAbs: number;
  /** The same divided by the largest magnitude of what they should be. */
  readonly relative: number;
  /** The same in units in the last place of the storage dtype, at that magnitude. */
  readonly ulp: number;
}

/** A difference after a layer; 0 is before the first. */
export interface LayerDifference extends Difference {
  /** Whose layers these are, such as `decoder`. */
  readonly stack: string;
  /** The layer, from 1; 0 is before the first. */
  readonly layer: number;
}

/** Two models compared on one input. */
export interface Comparison {
  /** The streams, each row divided by its root mean square and, where a norm takes the mean away, without its mean. */
  readonly layers: readonly LayerDifference[];
  /** The outputs by name. */
  readonly outputs: Readonly<Record<string, Difference>>;
  /** The rows of all outputs whose largest number stands at the same place, and all rows. */
  readonly agreeing: number;
  /** All rows of all outputs. */
  readonly rows: number;
}

/**
 * How far numbers are apart.
 *
 * @param expected What they should be.
 * @param actual What they are; of the same length.
 * @param dtype The storage dtype of the parameters.
 * @returns The difference; NaN or infinity where either has such.
 */
export function differenceOf(
  expected: Float64Array,
  actual: Float64Array,
  dtype: DType,
): Difference {
  let [maxAbs, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(expected[i]! - actual[i]!);
    if (!(apart <= maxAbs)) maxAbs = apart; // NaN stays
    if (Number.isNaN(maxAbs)) break;
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  const scale = largest === 0 ? 1 : largest;
  return { maxAbs, relative: maxAbs / scale, ulp: maxAbs / ulp(dtype, scale) };
}

/** A stream in d values, as its readers see it: no factor, and no mean where that is not seen either. */
function canonical(stream: Float64Array, width: number, options: {
  readonly compressed: boolean;
  readonly centered: boolean;
}): Float64Array {
  const rows = stream.length / width;
  const full = options.compressed ? width + 1 : width;
  const result = new Float64Array(rows * full);
  for (let row = 0; row < rows; row++) {
    const values = stream.subarray(row * width, (row + 1) * width);
    const into = result.subarray(row * full, (row + 1) * full);
    into.set(values);
    const sum = values.reduce((total, value) => total + value, 0);
    if (options.compressed) into[width] = -sum;
    const mean = options.centered && !options.compressed ? sum / width : 0;
    let squares = 0;
    for (let i = 0; i < full; i++) squares += (into[i]! -= mean) ** 2;
    const root = Math.sqrt(squares / full) || 1;
    for (let i = 0; i < full; i++) into[i]! /= root;
  }
  return result;
}

/** Streams by stack and layer, and outputs. */
interface Run {
  readonly streams: ReadonlyMap<string, Float64Array>;
  readonly outputs: Readonly<Record<string, Values>>;
}

async function run<T>(
  arithmetic: Arithmetic<T>,
  model: Model,
  inputs: ModelInputs,
  centered: boolean,
): Promise<Run> {
  const streams = new Map<string, Float64Array>();
  const { outputs } = await runModel(arithmetic, model, inputs, {
    onLayer: (stack, layer, stream) => {
      const { width } = model.spec.stacks[stack]!;
      const compressed = streamNorm(model) === "crms";
      streams.set(`${stack} ${layer}`, canonical(stream, width, { compressed, centered }));
    },
  });
  return { streams, outputs };
}

/** Where the largest number of each row stands. */
function places({ shape, values }: Values): number[] {
  const width = shape.at(-1)!;
  return Array.from({ length: values.length / width }, (_, row) => {
    const numbers = values.subarray(row * width, (row + 1) * width);
    return numbers.reduce((best, value, at) => value > numbers[best]! ? at : best, 0);
  });
}

/** Whether a norm of the model takes the mean of its stream away, or there is none. */
function hidesMean(model: Model): boolean {
  return isCentered(model) || ["layer", "crms"].includes(streamNorm(model));
}

/**
 * Compares two models on one input.
 *
 * @param expected The model that is right.
 * @param actual The model that should compute the same.
 * @param inputs What both read.
 * @param options The arithmetic, and the storage dtype that errors are expressed in.
 * @returns Their differences.
 * @throws {RangeError} If their stacks or outputs are not the same, or the input does not fit.
 */
export async function compareModels<T>(
  expected: Model,
  actual: Model,
  inputs: ModelInputs,
  options: { readonly arithmetic: Arithmetic<T>; readonly dtype: DType },
): Promise<Comparison> {
  const { arithmetic, dtype } = options;
  const centered = hidesMean(expected) || hidesMean(actual);
  const right = await run(arithmetic, expected, inputs, centered);
  const other = await run(arithmetic, actual, inputs, centered);
  const layers = [...right.streams].map(([key, stream]): LayerDifference => {
    const [stack, layer] = key.split(" ") as [string, string];
    const own = other.streams.get(key);
    if (own?.length !== stream.length) {
      throw new RangeError(
        `Cannot compare layer ${layer} of the ${stack}: ${stream.length} and ${
          own?.length ?? "no"
        } numbers`,
      );
    }
    return { stack, layer: Number(layer), ...differenceOf(stream, own, dtype) };
  });
  const outputs: Record<string, Difference> = {};
  let [agreeing, rows] = [0, 0];
  for (const [name, output] of Object.entries(right.outputs)) {
    const own = other.outputs[name];
    if (own === undefined || String(own.shape) !== String(output.shape)) {
      throw new RangeError(
        `Cannot compare ${name}: one model gives [${output.shape}], the other ${
          own === undefined ? "nothing" : `[${own.shape}]`
        }`,
      );
    }
    outputs[name] = differenceOf(output.values, own.values, dtype);
    const here = places(output);
    const there = places(own);
    rows += here.length;
    agreeing += here.filter((place, row) => place === there[row]).length;
  }
  return { layers, outputs, agreeing, rows };
}

/** The larger of two differences, number by number. */
function worse(a: Difference, b: Difference): Difference {
  return {
    maxAbs: Math.max(a.maxAbs, b.maxAbs),
    relative: Math.max(a.relative, b.relative),
    ulp: Math.max(a.ulp, b.ulp),
  };
}

/** Unites two lists; of what both have, the worse. */
function worseOfEach<K, D extends Difference>(
  a: ReadonlyMap<K, D>,
  b: ReadonlyMap<K, D>,
): Map<K, D> {
  const united = new Map(a);
  for (const [key, one] of b) {
    const other = a.get(key);
    united.set(key, other === undefined ? one : { ...one, ...worse(one, other) });
  }
  return united;
}

const layersByPlace = ({ layers }: Comparison): Map<string, LayerDifference> =>
  new Map(layers.map((one) => [`${one.stack} ${one.layer}`, one]));

const outputsByName = ({ outputs }: Comparison): Map<string, Difference> =>
  new Map(Object.entries(outputs));

/**
 * The worst of several comparisons of the same models. An input need not run every stack: tokens alone leave CLIP's images out.
 *
 * @param comparisons At least one.
 * @returns The largest differences, and all rows.
 */
export function worstOf(comparisons: readonly Comparison[]): Comparison {
  return comparisons.reduce((a, b) => ({
    layers: [...worseOfEach(layersByPlace(a), layersByPlace(b)).values()],
    outputs: Object.fromEntries(worseOfEach(outputsByName(a), outputsByName(b))),
    agreeing: a.agreeing + b.agreeing,
    rows: a.rows + b.rows,
  }));
}
