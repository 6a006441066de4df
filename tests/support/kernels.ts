// Tests of kernels: one case is a kernel with its inputs, run on every backend that has it and compared with float64. A backend
// that lacks the kernel shows the test as ignored, never as passed.

import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { type BackendName, readAll } from "../../lib/backend/mod.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { callKernel, type Contract, type KernelName, useBackend } from "../../lib/kernels/mod.ts";
import { randomRow, uniform } from "../reference/random.ts";
import { backends, onBackend } from "./backends.ts";
import { assertClose } from "./close.ts";
import type { Given } from "./evaluate.ts";
import { type Operand, oracles } from "./kernel_oracles.ts";
import { poison } from "./poison.ts";
import { type Quantity, tolerance } from "./tolerances.ts";

/** A kernel with its inputs. */
export interface KernelCase {
  readonly name: KernelName;
  readonly inputs: readonly Operand[];
  readonly attributes: Contract[KernelName];
  /** What float64 gives; computed once for all backends. */
  expected(): readonly Given[];
  /** Calls the kernel on the backend in use. */
  call(inputs: readonly Tensor[]): Tensor[];
}

/** A case of a kernel. */
export function kernelCase<K extends KernelName>(
  name: K,
  inputs: readonly Operand[],
  attributes: Contract[K],
): KernelCase {
  let expected: readonly Given[] | undefined;
  return {
    name,
    inputs,
    attributes,
    expected: () => expected ??= oracles[name](inputs, attributes),
    call: (tensors) => callKernel(name, tensors, attributes),
  };
}

/** Random float32 numbers around `center`, the same for the same seed. */
export function floats(
  shape: readonly number[],
  seed: number,
  { center = 0, spread = 1 }: { center?: number; spread?: number } = {},
): Given {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = randomRow(uniform(seed), size).map((value) => center + spread * value);
  return { shape, values: Float32Array.from(values) };
}

/** A vector of integers. */
export function integers(values: readonly number[]): Operand {
  return { shape: [values.length], values, dtype: "int32" };
}

/** The tensor of an input; the caller frees it. */
export function operandTensor({ shape, values, dtype = "float32" }: Operand): Tensor {
  const typed = dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
  return tf.tensor(typed, [...shape], dtype);
}

/** Runs a case in poisoned memory, where outputs like the expected ones will lie, and reads its outputs. */
export async function outputsOf(
  backend: BackendName,
  given: KernelCase,
  expected: readonly Given[] = given.expected(),
): Promise<Given[]> {
  const shapes = expected.map(({ shape }) => shape);
  const outputs = tf.tidy(() => {
    const inputs = given.inputs.map(operandTensor);
    poison(backend, inputs, shapes);
    return given.call(inputs);
  });
  try {
    const values = await readAll(outputs);
    return outputs.map(({ shape }, at) => ({ shape, values: values[at]! }));
  } finally {
    tf.dispose(outputs);
  }
}

/** Runs a case and compares every output with float64. */
export async function assertKernel(
  backend: BackendName,
  given: KernelCase,
  quantity: Quantity = "kernel",
): Promise<void> {
  const outputs = await outputsOf(backend, given);
  const expected = given.expected();
  const shapes = (list: readonly Given[]): string => list.map(({ shape }) => `[${shape}]`).join();
  const of = `${given.name} of ${shapes(given.inputs)}`;
  assertEquals(shapes(outputs), shapes(expected), `${of}: shapes`);
  outputs.forEach(({ values }, at) =>
    assertClose(values, expected[at]!.values, tolerance(backend, quantity), `${of}: output ${at}`)
  );
}

/** The kernels of each backend. */
const active = new Map<BackendName, ReadonlySet<string>>();
for (const backend of backends) {
  const { kernels } = await useBackend(backend);
  active.set(backend, new Set(kernels!.active));
}

/**
 * Registers one test for each backend of this machine, called `name [backend]`; it is ignored, by name, where the backend lacks
 * one of the kernels.
 *
 * @param kernels What the test needs.
 * @param name What is tested: "symbol() criterion".
 * @param body The test; it frees what it makes.
 * @param on The backends that the test is about; all by default.
 */
export function onEachBackendWith(
  kernels: readonly KernelName[],
  name: string,
  body: (backend: BackendName) => void | Promise<void>,
  on: readonly BackendName[] = backends,
): void {
  for (const backend of backends.filter((present) => on.includes(present))) {
    const absent = kernels.filter((kernel) => !active.get(backend)!.has(kernel));
    Deno.test({
      name: `${name} [${backend}${
        absent.length === 0 ? "" : `, which lacks ${absent.join(", ")}`
      }]`,
      ignore: absent.length > 0,
      fn: () => onBackend(backend, () => body(backend)),
    });
  }
}
