// Floats that tfjs cast from int32 or bool share the integers' data on some backends. Every kernel that a backend registers, ours
// and tfjs's replaced, gives on casts what it gives on the same numbers made as floats.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll, throwGpuError } from "../../../lib/backend/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { type KernelName, useBackend } from "../../../lib/kernels/mod.ts";
import { fromHalf, halfNorm, halfNormGradient, toHalf } from "../../../lib/ops/mod.ts";
import { backends, onBackend } from "../../support/backends.ts";
import type { Operand } from "../../support/kernel_oracles.ts";
import { floats } from "../../support/kernels.ts";
import { samplesOf } from "./sample_cases.ts";

/** A function of tensors with example inputs. */
interface Example {
  readonly inputs: readonly Operand[];
  call(inputs: readonly Tensor[]): Tensor[];
}

const matrix = (seed: number): Operand => floats([6, 8], seed);
const vector = floats([8], 9);
const matrices = (inputs: readonly Tensor[]): tf.Tensor2D[] => [...inputs] as tf.Tensor2D[];
const half = { kind: "layer", eps: 1e-3 } as const;

/** tfjs's kernels that a backend may replace, and those beyond the contract, each through an operation that runs it. */
const others: Readonly<Record<string, Example>> = {
  BatchMatMul: {
    inputs: [matrix(1), matrix(2)],
    call: (inputs) => {
      const [a, b] = matrices(inputs);
      return [tf.matMul(a!, b!, false, true), tf.matMul(a!, b!, true, false)];
    },
  },
  _FusedMatMul: {
    inputs: [matrix(1), floats([8, 8], 2), vector],
    call: (inputs) => {
      const [a, b, bias] = matrices(inputs);
      return [tf.fused.matMul({ a: a!, b: b!, bias: bias! })];
    },
  },
  Add: { inputs: [matrix(1), matrix(2)], call: ([a, b]) => [tf.add(a!, b!)] },
  Identity: { inputs: [matrix(1)], call: ([x]) => [tf.clone(x!)] },
  Sum: { inputs: [matrix(1)], call: ([x]) => [tf.sum(x!, 0), tf.sum(x!, 1)] },
  GatherV2: {
    inputs: [matrix(1)],
    call: ([x]) => [tf.gather(x!, tf.tensor1d([3, 0, 3], "int32"))],
  },
  Transpose: {
    inputs: [floats([2, 3, 8], 1)],
    call: ([x]) => [tf.transpose(x!, [1, 0, 2]), tf.transpose(x!, [2, 1, 0])],
  },
  UnsortedSegmentSum: {
    inputs: [matrix(1)],
    call: ([x]) => [tf.unsortedSegmentSum(x!, tf.tensor1d([0, 1, 1, 0, 2, 2], "int32"), 3)],
  },
  NormkitToHalf: { inputs: [matrix(1)], call: ([x]) => [fromHalf(toHalf(x!))] },
  NormkitFromHalf: { inputs: [matrix(1)], call: ([x]) => [fromHalf(toHalf(x!))] },
  NormkitHalfNorm: {
    inputs: [matrix(1), vector, vector],
    call: ([x, gain, bias]) => [
      fromHalf(halfNorm(toHalf(x!), { ...half, gain: gain!, bias: bias! })),
    ],
  },
  NormkitHalfNormGradient: {
    inputs: [matrix(1), matrix(2), vector],
    call: ([dy, x, gain]) => {
      const { dx, dGain } = halfNormGradient(toHalf(dy!), toHalf(x!), { ...half, gain: gain! });
      return [fromHalf(dx), dGain!];
    },
  },
};

/** Replaced kernels of tfjs that read no floats. */
const withoutFloats: readonly string[] = ["OneHot"];

/** Whole numbers, or 0 and 1; both signs only where the input has both, as second moments have not. */
const integersOf = {
  int32: (value: number): number => value > 0 ? Math.ceil(value) : Math.floor(value),
  bool: (value: number): number => value > 0 ? 1 : 0,
} as const;

type Kind = keyof typeof integersOf;

/** A cast as users make one: of numbers from the host, or computed where the kernel runs. */
function castOf({ shape, values }: Operand, kind: Kind): Tensor {
  const numbers = Array.from(values, integersOf[kind]);
  const integers = kind === "int32"
    ? tf.tensor(numbers, [...shape], "int32")
    : tf.greater(tf.tensor(numbers, [...shape], "float32"), 0);
  return tf.cast(integers, "float32");
}

const floatsOf = ({ shape, values }: Operand, kind: Kind): Tensor =>
  tf.tensor(Array.from(values, integersOf[kind]), [...shape], "float32");

const asGiven = ({ shape, values, dtype = "float32" }: Operand): Tensor =>
  tf.tensor(Array.from(values), [...shape], dtype);

/** What an example gives where one input is made in a way of its own. */
async function outputs(
  { inputs, call }: Example,
  at: number,
  make: (input: Operand) => Tensor,
): Promise<number[][]> {
  const made = tf.tidy(() =>
    call(inputs.map((input, index) => index === at ? make(input) : asGiven(input)))
  );
  const values = (await readAll(made)).map((numbers) => Array.from(numbers));
  tf.dispose(made);
  throwGpuError();
  return values;
}

/** Rows that are vectors of four numbers, and rows that are not. */
const samples = [samplesOf(6, 8), samplesOf(6, 7)];

/** Examples of a kernel, ours or another. */
function examplesOf(name: string): readonly Example[] {
  const example = others[name];
  if (example !== undefined) return [example];
  const found = samples.map((sample) => sample[name as KernelName]);
  if (found.includes(undefined!)) throw new Error(`${name} has no example: give it one`);
  return found;
}

for (const backend of backends) {
  const { kernels } = await useBackend(backend);
  for (const name of kernels!.active.filter((name) => !withoutFloats.includes(name))) {
    Deno.test(`${name} reads casts of int32 and bool as floats [${backend}]`, () =>
      onBackend(backend, async () => {
        for (const example of examplesOf(name)) {
          for (const [at, input] of example.inputs.entries()) {
            if (input.dtype === "int32") continue;
            for (const kind of ["int32", "bool"] as const) {
              const expected = await outputs(example, at, (input) => floatsOf(input, kind));
              const found = await outputs(example, at, (input) => castOf(input, kind));
              const reshaped = await outputs(
                example,
                at,
                (input) => tf.reshape(tf.clone(castOf(input, kind)), [...input.shape]),
              );
              const what = `input ${at} cast from ${kind}`;
              assertEquals(found, expected, what);
              assertEquals(reshaped, expected, `${what}, reshaped`);
            }
          }
        }
      }));
  }
}
