// One layer of each kind against plain loops: streamed in float64 to 1e-13, streamed in float32 and eager on every backend.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Arithmetic } from "../../../lib/interpret/arithmetic.ts";
import { eagerInterpreter } from "../../../lib/interpret/eager.ts";
import { float32 } from "../../../lib/interpret/float32.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { runModel } from "../../../lib/interpret/stream.ts";
import { forward } from "../../../lib/model/forward.ts";
import type { Attention } from "../../../lib/model/spec.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf, tensorOf } from "../../support/evaluate.ts";
import { gatedLayer, type LayerCase, layerCases } from "../../support/layer_cases.ts";
import { layerModel } from "../../support/layer_model.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { tolerance } from "../../support/tolerances.ts";

type Layer = Omit<LayerCase, "name" | "expected">;

/** What comes out of a layer. */
async function outcome<T>(arithmetic: Arithmetic<T>, layer: Layer): Promise<Float64Array> {
  const { spec, tensors, inputs } = layerModel(layer);
  const model = { spec, tensors: memoryTensors(tensors) };
  return (await runModel(arithmetic, model, inputs)).outputs["decoder"]!.values;
}

/** The same on tensors, for a batch of two that are equal. */
function eagerly(layer: Layer): Tensor {
  const { spec, tensors, inputs } = layerModel(layer);
  const parameters = new Map(
    Object.entries(tensors).map(([name, tensor]) => [name, tensorOf(tensor)]),
  );
  const ids = [...inputs.tokens!, ...inputs.tokens!];
  const { pixels } = inputs;
  const twice = pixels && tensorOf({
    shape: [2, ...pixels.shape],
    values: [...pixels.values, ...pixels.values],
  });
  const engine = eagerInterpreter({
    parameter: (name) => parameters.get(name),
    inputs: {
      tokens: { ids: Int32Array.from(ids), size: [2, layer.x.length] },
      ...(twice === undefined ? {} : { pixels: twice }),
    },
  });
  return forward(engine, spec)["decoder"]!;
}

for (const one of layerCases) {
  Deno.test(`runModel() ${one.name}`, async () => {
    assertClose(await outcome(float64, one), one.expected.flat(), 1e-13, one.name);
  });
}

onEachBackend("runModel() gives the same in float32 and leaves nothing behind", async (backend) => {
  for (const one of layerCases) {
    const before = tf.memory().numTensors;
    const values = await outcome(float32(), one);
    assertEquals(tf.memory().numTensors, before, one.name);
    assertClose(values, one.expected.flat(), tolerance(backend, "value"), one.name);
  }
});

onEachBackend("forward() on tensors gives the same for each of a batch", async (backend) => {
  for (const one of layerCases) {
    const [values] = await numbersOf(() => [eagerly(one)]);
    const expected = one.expected.flat();
    assertClose(values!, [...expected, ...expected], tolerance(backend, "value"), one.name);
  }
});

Deno.test("runModel() without branches gives the stream that enters", async () => {
  const x = [[1, 2]];
  const block = { branches: [], parallel: false };
  assertEquals(Array.from(await outcome(float64, { block, tensors: {}, x })), [1, 2]);
});

/** The first case with another attention. */
function changed(change: Partial<Attention>): LayerCase {
  const [one] = layerCases as [LayerCase];
  const [first, ...others] = one.block.branches;
  const sublayer = { ...first!.sublayer, ...change } as Attention;
  return { ...one, block: { ...one.block, branches: [{ ...first!, sublayer }, ...others] } };
}

onEachBackend("forward() refuses what contradicts itself, and frees what it made", async () => {
  const linear = { weight: "absent", bias: "absent", layout: "out-in" } as const;
  const gated = gatedLayer(false);
  const wrong: readonly LayerCase[] = [
    changed({ keyValueHeads: 3 }),
    changed({ alibi: [1] }),
    changed({ memory: "nowhere" }),
    changed({ rotary: { width: 5, base: 10, order: "half" } }),
    changed({ rotary: { width: 8, base: 10, order: "half" } }),
    changed({ output: { linear } }),
    changed({ projections: { qkv: linear, order: "heads" }, memory: "encoder" }),
    { ...gated, block: { ...gated.block, parallel: true } },
  ];
  for (const one of wrong) {
    const before = tf.memory().numTensors;
    await assertRejects(() => outcome(float32(), one), RangeError, "Cannot ");
    assertEquals(tf.memory().numTensors, before);
    tf.tidy(() => assertThrows(() => eagerly(one), RangeError, "Cannot "));
  }
});
