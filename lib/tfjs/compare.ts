// A model measured in two ways, in turn: the times of each, and how far the results are apart.

import * as tf from "@tensorflow/tfjs";
import { type Numbers, takeAll } from "../backend/read.ts";
import { Random } from "../core/random.ts";
import { shown } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { shapeText } from "./options.ts";

/** What a comparison brought. */
export interface Speedup {
  /** What was measured: `predict`, or `gradient` with the forward pass. */
  readonly what: "predict" | "gradient";
  /** What it was measured on, such as `float32 [8, 64]`. */
  readonly input: string;
  /** Milliseconds of the first way: the median of all runs, reading the result included. */
  readonly before: number;
  /** Milliseconds of the second. */
  readonly after: number;
  /** How many times as fast the second is. */
  readonly speedup: number;
  /** The largest |difference| in the outputs, or in the gradients of the weights, over the largest magnitude. */
  readonly difference: number;
}

/** What is compared. */
export interface SpeedupOptions {
  /** The inputs, or undefined for numbers of our own. */
  readonly inputs: readonly Tensor[] | undefined;
  readonly measure: "predict" | "gradient";
  readonly runs: number;
  /** What puts the model into either state; the last call is that of the second. */
  readonly ways: readonly [() => void, () => void];
}

/** The length of an axis that a model leaves open: of the batch, and of any other. */
const [openBatch, openLength] = [8, 32];

/** Numbers for a model to be measured on: from 0 up to 1, since what feeds an embedding is float32 in tfjs as well, and 0 is an id. */
function ownInput({ shape, dtype }: tf.SymbolicTensor, index: number): Tensor {
  const lengths = shape.map((length, axis) => length ?? (axis === 0 ? openBatch : openLength));
  if (dtype !== "float32") return tf.zeros(lengths, dtype);
  const size = lengths.reduce((product, length) => product * length, 1);
  const random = new Random(index, "input");
  return tf.tensor(Float32Array.from({ length: size }, () => random.uniform()), lengths);
}

/** Requires as many inputs as the model has, of their shapes. */
function requireInput(model: tf.LayersModel, inputs: readonly Tensor[]): void {
  const fits = inputs.length === model.inputs.length && inputs.every((input, index) => {
    const { shape } = model.inputs[index]!;
    return input instanceof tf.Tensor && input.rank === shape.length &&
      shape.every((length, axis) => length === null || length === input.shape[axis]);
  });
  if (fits) return;
  const given = inputs.map((input) =>
    input instanceof tf.Tensor ? shapeText(input.shape) : shown(input)
  );
  throw new RangeError(
    `Cannot measure on ${
      given.length === 0 ? "no inputs" : `inputs ${given.join(" and ")}`
    }: they must be ${model.inputs.map(({ shape }) => shapeText(shape)).join(" and ")}`,
  );
}

/** One pass. */
function results(
  model: tf.LayersModel,
  inputs: Tensor[],
  measure: "predict" | "gradient",
): Tensor[] {
  const outputs = (): Tensor[] =>
    [model.apply(inputs.length === 1 ? inputs[0]! : inputs, { training: false })]
      .flat() as Tensor[];
  return tf.tidy(() => {
    if (measure === "predict") return outputs();
    const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    if (weights.length === 0) {
      throw new RangeError(`Cannot measure gradients of ${model.name}: it has no weight to train`);
    }
    const loss = (): tf.Scalar => tf.addN(outputs().map(weightedMean)) as tf.Scalar;
    return Object.values(tf.variableGrads(loss, weights).grads);
  });
}

/** A scalar that each number of a tensor has its own part in: the mean square of a normalized row would not depend on it. */
function weightedMean(output: Tensor): Tensor {
  const weights = tf.tensor(new Random(0, "loss").normals(output.size, 1), output.shape);
  return tf.mean(tf.mul(output, weights));
}

/** The largest distance in lists of numbers, over the largest magnitude. */
function distance(actual: readonly Numbers[], expected: readonly Numbers[]): number {
  let [apart, largest] = [0, 0];
  for (const [index, numbers] of expected.entries()) {
    for (const [at, value] of numbers.entries()) {
      apart = Math.max(apart, Math.abs(actual[index]![at]! - value));
      largest = Math.max(largest, Math.abs(value));
    }
  }
  return largest === 0 ? apart : apart / largest;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/**
 * Measures a model in two ways.
 *
 * @param model The model.
 * @param options On what, and the ways.
 * @returns Times and distance; nothing is left on the backend, and the model is as the second way puts it.
 * @throws {RangeError} If the input does not fit.
 */
export async function compare(
  model: tf.LayersModel,
  { inputs: given, measure, runs, ways }: SpeedupOptions,
): Promise<Speedup> {
  const inputs = given === undefined ? model.inputs.map(ownInput) : [...given];
  try {
    requireInput(model, inputs);
    const pass = async (way: () => void) => {
      way();
      const start = performance.now();
      const values = await takeAll(results(model, inputs, measure));
      return { values, ms: performance.now() - start };
    };
    const [first, second] = [await pass(ways[0]), await pass(ways[1])]; // programs are compiled here
    const times: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      for (const [index, way] of ways.entries()) times[index]!.push((await pass(way)).ms);
    }
    const [before, after] = [median(times[0]), median(times[1])];
    return {
      what: measure,
      input: inputs.map(({ dtype, shape }) => `${dtype} ${shapeText(shape)}`).join(" and "),
      before,
      after,
      speedup: before / after,
      difference: distance(second.values, first.values),
    };
  } finally {
    if (given === undefined) tf.dispose(inputs);
  }
}
