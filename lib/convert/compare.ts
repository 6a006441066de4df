// Two models on the same input, side by side: how far their streams are apart after each layer, and their outputs.

import type { DType } from "../checkpoint/dtype.ts";
import { greatest } from "../core/extent.ts";
import type { Arithmetic } from "../interpret/arithmetic.ts";
import { runModel } from "../interpret/stream.ts";
import type { ModelInputs, Values } from "../interpret/inputs.ts";
import type { Model } from "../families/model.ts";
import { isCentered, streamNorm } from "./convert.ts";
import { type Difference, differenceOf } from "./difference.ts";
import {
  type Agreement,
  agreementOf,
  type OutputDifference,
  outputDifference,
} from "./output_difference.ts";

/** A difference after a layer; 0 is before the first. */
export interface LayerDifference extends Difference {
  /** Whose layers these are, such as `decoder`. */
  readonly stack: string;
  /** The layer, from 1; 0 is before the first. */
  readonly layer: number;
}

/** Two models compared on one input; rows agree where their largest numbers stand at the same place. */
export interface Comparison extends Agreement {
  /** The streams, each row divided by its root mean square and, where a norm takes the mean away, without its mean. */
  readonly layers: readonly LayerDifference[];
  /** The outputs by name. */
  readonly outputs: Readonly<Record<string, OutputDifference>>;
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

/** What one model makes of one input. */
export interface Run {
  /** Streams by stack and layer, as their readers see them. */
  readonly streams: ReadonlyMap<string, Float64Array>;
  /** Outputs by name. */
  readonly outputs: Readonly<Record<string, Values>>;
}

/**
 * Runs a model on one input and keeps what is compared.
 *
 * @param arithmetic What computes.
 * @param model The model.
 * @param inputs What it reads.
 * @param options `centered`: whether the means of streams are no part of them.
 * @returns Streams and outputs.
 * @throws {RangeError} If the input does not fit.
 */
export async function observedRun<T>(
  arithmetic: Arithmetic<T>,
  model: Model,
  inputs: ModelInputs,
  { centered }: { readonly centered: boolean },
): Promise<Run> {
  const streams = new Map<string, Float64Array>();
  const compressed = streamNorm(model) === "crms";
  const { outputs } = await runModel(arithmetic, model, inputs, {
    onLayer: (stack, layer, stream) => {
      const { width } = model.spec.stacks[stack]!;
      streams.set(`${stack} ${layer}`, canonical(stream, width, { compressed, centered }));
    },
  });
  return { streams, outputs };
}

/** Whether the streams of two models are compared without their means: a norm of one of them takes the mean away, or there is none. */
export function areCentered(...models: readonly Model[]): boolean {
  return models.some((model) => isCentered(model) || ["layer", "crms"].includes(streamNorm(model)));
}

/** The outputs of a run that another one has as well. */
function ownOutput(name: string, { shape }: Values, { outputs }: Run): Values {
  const own = outputs[name];
  if (own !== undefined && String(own.shape) === String(shape)) return own;
  throw new RangeError(
    `Cannot compare ${name}: one model gives [${shape}], the other ${
      own === undefined ? "nothing" : `[${own.shape}]`
    }`,
  );
}

/**
 * Compares two runs on one input.
 *
 * @param right The run of the model that is right.
 * @param other The other one.
 * @param dtype The storage dtype that errors are expressed in.
 * @param tie Outputs of a row that are no farther apart than this share of the spread are equal but for rounding; 0 by default.
 * @returns Their differences.
 * @throws {RangeError} If their stacks or outputs are not the same.
 */
export function compareRuns(right: Run, other: Run, dtype: DType, tie = 0): Comparison {
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
  const outputs: Record<string, OutputDifference> = {};
  let [agreeing, rows] = [0, 0];
  for (const [name, output] of Object.entries(right.outputs)) {
    const own = ownOutput(name, output, other);
    const difference = outputDifference(name, output, own, dtype);
    const agreement = agreementOf(output, own, tie * difference.spread);
    outputs[name] = difference;
    agreeing += agreement.agreeing;
    rows += agreement.rows;
  }
  return { layers, outputs, agreeing, rows };
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
  const how = { centered: areCentered(expected, actual) };
  const right = await observedRun(arithmetic, expected, inputs, how);
  return compareRuns(right, await observedRun(arithmetic, actual, inputs, how), dtype);
}

/** The larger of two differences, number by number. */
function worse<D extends Difference>(a: D, b: D): D {
  const numbers = Object.entries(a).map(([key, value]) => {
    const other = (b as unknown as Readonly<Record<string, unknown>>)[key];
    return [key, typeof value === "number" ? Math.max(value, other as number) : value];
  });
  return Object.fromEntries(numbers) as D;
}

/** Unites two lists; of what both have, the worse. */
function worseOfEach<K, D extends Difference>(
  a: ReadonlyMap<K, D>,
  b: ReadonlyMap<K, D>,
): Map<K, D> {
  const united = new Map(a);
  for (const [key, one] of b) {
    const other = a.get(key);
    united.set(key, other === undefined ? one : worse(one, other));
  }
  return united;
}

const layersByPlace = ({ layers }: Comparison): Map<string, LayerDifference> =>
  new Map(layers.map((one) => [`${one.stack} ${one.layer}`, one]));

const outputsByName = ({ outputs }: Comparison): Map<string, OutputDifference> =>
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

/** The largest relative difference among the outputs; 0 where there are none. */
export function largestOf({ outputs }: Comparison): number {
  return greatest([0, ...Object.values(outputs).map(({ relative }) => relative)]);
}

/** A comparison of nothing. */
export const nothingCompared: Comparison = { layers: [], outputs: {}, agreeing: 0, rows: 0 };
