// What every kernel does with memory: it writes all of its outputs, leaves its inputs and what shares their buffers alone, and
// loses nothing.

import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type BackendName, readAll, throwGpuError } from "../../../lib/backend/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import type { KernelName } from "../../../lib/kernels/mod.ts";
import { assertClose } from "../../support/close.ts";
import { assertKernel, onEachBackendWith, operandTensor } from "../../support/kernels.ts";
import { placeOf, poison } from "../../support/poison.ts";
import { tolerance } from "../../support/tolerances.ts";
import { samples } from "./sample_cases.ts";

const names = Object.keys(samples) as KernelName[];

/** The bytes that a backend has taken from the machine, which a leak makes grow. */
function taken(backend: BackendName): number {
  if (backend === "wasm") {
    const { wasm } = tf.backend() as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } };
    return wasm.asm.memory.buffer.byteLength;
  }
  return (tf.memory() as { numBytesAllocatedInGPU?: number }).numBytesAllocatedInGPU ?? 0;
}

async function readNumbers(tensors: readonly Tensor[]): Promise<number[][]> {
  return (await readAll(tensors)).map((values) => Array.from(values));
}

for (const name of names) {
  const sample = samples[name];

  onEachBackendWith([name], `${name} writes every element of recycled memory`, async (backend) => {
    const recycled = tf.tidy(() => {
      const inputs = sample.inputs.map(operandTensor);
      const places = poison(backend, inputs, sample.expected().map(({ shape }) => shape));
      return sample.call(inputs).some((output) => places.has(placeOf(backend, output)));
    });
    assert(recycled, "an output lies where NaN was");
    await assertKernel(backend, sample);
  }, ["wasm", "webgpu"]);

  onEachBackendWith(
    [name],
    `${name} leaves views of inputs and outputs intact`,
    async (backend) => {
      const inputs = sample.inputs.map(operandTensor);
      const views = inputs.flatMap((input) => [tf.reshape(input, [input.size]), tf.clone(input)]);
      const before = await readNumbers(views);
      const first = sample.call(inputs);
      const kept = first.map((output) => tf.reshape(output, [output.size]));
      tf.dispose(first);
      const second = sample.call(views.filter((_, at) => at % 2 === 1));
      tf.dispose(inputs);
      assertEquals(await readNumbers(views), before, "views of inputs");
      const found = await readNumbers(kept);
      sample.expected().forEach(({ values }, at) =>
        assertClose(found[at]!, values, tolerance(backend, "kernel"), `view of output ${at}`)
      );
      assertEquals(await readNumbers(second), found, "the second call");
      tf.dispose([views, kept, second]);
    },
  );

  onEachBackendWith([name], `${name} loses no memory`, async (backend) => {
    // 10 000 calls of each on WASM, where what is lost shows only once it exceeds the memory of the start; elsewhere of all
    const calls = backend === "wasm" ? 10_000 : 530;
    const inputs = sample.inputs.map(operandTensor);
    const call = async (times: number): Promise<void> => {
      for (let k = 0; k < times; k++) tf.dispose(sample.call(inputs));
      const last = sample.call(inputs);
      await readAll(last); // lets the GPU finish
      tf.dispose(last);
    };
    await call(100);
    const before = tf.memory();
    const takenBefore = taken(backend);
    await call(calls);
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    assertEquals(
      { numTensors, numBytes, numDataBuffers },
      {
        numTensors: before.numTensors,
        numBytes: before.numBytes,
        numDataBuffers: before.numDataBuffers,
      },
    );
    assertEquals(taken(backend), takenBefore, "bytes taken from the machine");
    throwGpuError();
    tf.dispose(inputs);
  });
}

onEachBackendWith(
  names,
  "every kernel works when the memory of WASM has grown between two calls",
  async (backend) => {
    const started = names.map((name) => {
      const inputs = samples[name].inputs.map(operandTensor);
      return { name, inputs, outputs: samples[name].call(inputs) };
    });
    const before = taken(backend);
    const large = tf.zeros([before / 4]);
    assert(taken(backend) > before, "a tensor as large as the memory makes it grow");
    for (const { name, inputs, outputs } of started) {
      const again = samples[name].call(inputs);
      assertEquals(await readNumbers(again), await readNumbers(outputs), name);
      await assertKernel(backend, samples[name]);
      tf.dispose([inputs, outputs, again]);
    }
    large.dispose();
  },
  ["wasm"],
);
