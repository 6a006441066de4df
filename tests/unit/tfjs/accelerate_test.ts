// accelerate() on models of every build: what is swapped, what stays and why, and that nothing else changes.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../../lib/backend/mod.ts";
import { Random } from "../../../lib/core/random.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { KernelUnavailableError, useBackend } from "../../../lib/kernels/mod.ts";
import { accelerate } from "../../../lib/tfjs/mod.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";

const width = 12;
type Symbol = tf.SymbolicTensor;
const dense = (name: string): tf.layers.Layer =>
  tf.layers.dense({ units: width, activation: "tanh", name });
const norm = (name: string, options = {}): tf.layers.Layer =>
  tf.layers.layerNormalization({ name, gammaInitializer: "randomNormal", ...options });
const through = (x: Symbol, ...layers: readonly tf.layers.Layer[]): Symbol =>
  layers.reduce((at, layer) => layer.apply(at) as Symbol, x);

const sequential = (): tf.LayersModel =>
  tf.sequential({
    layers: [
      tf.layers.embedding({ inputDim: 7, outputDim: width, name: "table" }),
      norm("a"),
      dense("d"),
      norm("b"),
    ],
  });

function functional(): tf.LayersModel {
  const input = tf.input({ shape: [null, width] });
  const branch = through(input, norm("a"), dense("d"));
  const sum = tf.layers.add().apply([input, branch]) as Symbol;
  return tf.model({ inputs: input, outputs: [through(sum, norm("b")), branch] });
}

function nested(): tf.LayersModel {
  const first = tf.layers.dense({ units: width, inputShape: [5, width] });
  const within = tf.sequential({ name: "inner", layers: [first, norm("a")] });
  const input = tf.input({ shape: [5, width] });
  const model = tf.model({
    inputs: input,
    outputs: through(input, within, norm("b")),
    name: "middle",
  });
  return tf.sequential({ layers: [model, tf.layers.flatten(), norm("c")] });
}

function shared(): tf.LayersModel {
  const [first, second] = [tf.input({ shape: [width] }), tf.input({ shape: [width] })];
  const both = norm("both");
  const outputs = [first, second].map((input) => through(input, dense(`d${input.id}`), both));
  return tf.model({ inputs: [first, second], outputs: tf.layers.add().apply(outputs) as Symbol });
}

function wrapped(): tf.LayersModel {
  const wrapper = tf.layers.timeDistributed({ layer: norm("a"), name: "each" });
  return tf.sequential({
    layers: [tf.layers.dense({ units: width, inputShape: [4, width] }), wrapper],
  });
}

function otherAxes(): tf.LayersModel {
  const input = tf.input({ shape: [4, width] });
  const layers = [
    norm("last", { axis: 2 }),
    norm("first", { axis: 1 }),
    norm("two", { axis: [1, 2] }),
    norm("flat", { epsilon: 0 }),
  ];
  return tf.model({ inputs: input, outputs: through(input, ...layers) });
}

/** A model's outputs and the gradients of Σ output ⊙ fixed numbers to its weights. */
async function pulled(model: tf.LayersModel, inputs: Tensor[]): Promise<number[][]> {
  const outputs = (): Tensor[] =>
    [model.apply(inputs.length === 1 ? inputs[0]! : inputs)].flat() as Tensor[];
  const loss = (): tf.Scalar =>
    tf.addN(
      outputs().map((one) => {
        const weights = tf.tensor(new Random(9).normals(one.size, 1), one.shape);
        return tf.sum(tf.mul(one, weights));
      }),
    ) as tf.Scalar;
  const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const results = tf.tidy(() => [
    ...outputs(),
    ...Object.values(tf.variableGrads(loss, weights).grads),
  ]);
  const found = (await readAll(results)).map((one) => Array.from(one));
  tf.dispose(results);
  return found;
}

/** The kernels that a model runs. */
async function kernelsOf(model: tf.LayersModel, inputs: Tensor[]): Promise<string[]> {
  const { kernelNames, result } = await tf.profile(() =>
    tf.tidy(() => model.apply(inputs.length === 1 ? inputs[0]! : inputs) as Tensor[])
  );
  tf.dispose(result as Tensor[]);
  return kernelNames;
}

const models: Readonly<
  Record<string, { make: () => tf.LayersModel; fused: string[]; input: string }>
> = {
  sequential: { make: sequential, fused: ["a", "b"], input: "float32 [8, 32]" },
  functional: { make: functional, fused: ["a", "b"], input: "float32 [8, 32, 12]" },
  nested: { make: nested, fused: ["middle/inner/a", "middle/b", "c"], input: "float32 [8, 5, 12]" },
  shared: { make: shared, fused: ["both"], input: "float32 [8, 12] and float32 [8, 12]" },
  wrapped: { make: wrapped, fused: ["each/a"], input: "float32 [8, 4, 12]" },
  otherAxes: { make: otherAxes, fused: ["last"], input: "float32 [8, 4, 12]" },
};

for (const [name, { make, fused, input }] of Object.entries(models)) {
  onEachBackend(`accelerate() of a ${name} model keeps outputs and gradients`, async () => {
    const model = make();
    const inputs = model.inputs.map(({ shape }, index) => {
      const lengths = shape.map((length) => length ?? 3);
      return tf.randomUniform(lengths, 0, 7, "float32", index + 1); // an embedding takes them as ids
    });
    const expected = await pulled(model, inputs);
    const report = await accelerate(model, { runs: 1 });
    assertEquals([...report.fused], fused);
    assertEquals(report.measured!.input, input);
    assert(report.measured!.difference < 1e-5, `${report.measured!.difference}`);
    assert((await kernelsOf(model, inputs)).includes("NormkitNorm"));
    const found = await pulled(model, inputs);
    assertClose(found.flat(), expected.flat(), 1e-5, name); // some gradients are 0 but for rounding
    report.restore();
    assert(!(await kernelsOf(model, inputs)).includes("NormkitNorm"));
    const again = await pulled(model, inputs); // a GPU adds an embedding's gradients in any order
    assertClose(again.flat(), expected.flat(), 1e-6, name);
    tf.dispose(inputs);
    if (name === "shared") model.getLayer("both").dispose(); // tfjs counts each use, and frees at the last
    model.dispose();
  });
}

/** A class of a user, who may have changed anything. */
class Own extends (norm("n").constructor as typeof tf.layers.Layer) {
  static className = "Own";
}

onEachBackend("accelerate() says which layers stay as they are, and why", async (backend) => {
  const model = otherAxes();
  const own = new Own({ name: "own" });
  own.apply(model.outputs[0]!);
  const whole = tf.model({ inputs: model.inputs, outputs: own.output as Symbol });
  const report = await accelerate(whole, { runs: 1 });
  assertEquals(report.kept, [
    { name: "first", reason: "it normalizes axis 1 of 3; the kernel takes the last one" },
    { name: "two", reason: "it normalizes axis 1, 2 of 3; the kernel takes the last one" },
    { name: "flat", reason: `its epsilon is 0; the kernel takes ${2 ** -126} or more` },
    { name: "own", reason: "its class is not tfjs's own, and may compute something else" },
  ]);
  assertStringIncludes(
    report.text,
    "1 LayerNormalization layer is fused: predict of float32 [8, 4, 12] takes ",
  );
  assertStringIncludes(report.text, ` times as fast, on ${backend}; `);
  assertStringIncludes(report.text, "\nfirst stays tfjs's: it normalizes axis 1 of 3");
  const again = await accelerate(whole);
  assertEquals([again.fused, again.measured], [[], undefined]);
  assertStringIncludes(
    again.text,
    "No layer was swapped.\nlast stays tfjs's: it is fused already.",
  );
  report.restore();
  whole.dispose();
});

onEachBackend(
  "accelerate() leaves the optimizer's state, and a file of the model is tfjs's",
  async () => {
    const [x, y] = [tf.randomNormal([8, 4, width], 0, 1, "float32", 1), tf.ones([8, 4, width])];
    const train = async (swapAfter: number): Promise<number[]> => {
      const model = tf.sequential({
        layers: [
          tf.layers.dense({
            units: width,
            inputShape: [4, width],
            kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
          }),
          tf.layers.layerNormalization({ name: "n" }),
        ],
      });
      const optimizer = tf.train.adam(0.05);
      model.compile({ optimizer, loss: "meanSquaredError" });
      const losses: number[] = [];
      for (let step = 0; step < 6; step++) {
        if (step === swapAfter) {
          await accelerate(model, {
            measure: "gradient",
            runs: 1,
            inputs: [x],
          });
        }
        const { history } = await model.fit(x, y, { epochs: 1, batchSize: 8, verbose: 0 });
        losses.push(history["loss"]![0] as number);
      }
      const topology = model.toJSON(null, false) as {
        config: { layers: { class_name: string }[] };
      };
      assertEquals(topology.config.layers.map((layer) => layer.class_name), [
        "Dense",
        "LayerNormalization",
      ]);
      optimizer.dispose();
      model.dispose();
      return losses;
    };
    assertClose(await train(3), await train(-1), 1e-5, "losses");
    tf.dispose([x, y]);
  },
);

Deno.test("accelerate() refuses what it cannot measure, and leaves the model as it was", async () => {
  await useBackend("cpu");
  const model = wrapped();
  const x = tf.zeros([2, 4, width]);
  const wrong: readonly [() => Promise<unknown>, string][] = [
    [
      () => accelerate({} as tf.LayersModel),
      "Cannot accelerate an object: it must be a LayersModel of the tfjs that normkit imports",
    ],
    [
      () => accelerate(model, { input: x } as object),
      'Cannot use the option "input" of accelerate(): did you mean "inputs"?',
    ],
    [
      () => accelerate(model, { runs: 0 }),
      "Cannot use runs = 0: it must be a whole number ≥ 1 and ≤ 1000",
    ],
    [
      () => accelerate(model, { measure: "fit" as "predict" }),
      'Cannot use measure = "fit": it must be one of predict, gradient',
    ],
    [
      () => accelerate(model, { inputs: [x, x] }),
      "Cannot measure on inputs [2, 4, 12] and [2, 4, 12]: they must be [null, 4, 12]",
    ],
    [
      () => accelerate(model, { inputs: [] }),
      "Cannot measure on no inputs: they must be [null, 4, 12]",
    ],
    [
      () => accelerate(model, { inputs: [5 as unknown as Tensor] }),
      "Cannot measure on inputs 5: they must be [null, 4, 12]",
    ],
  ];
  for (const [call, message] of wrong) {
    const error = await assertRejects(call, RangeError);
    assertStringIncludes(error.message, message);
  }
  const still = tf.sequential({ layers: [norm("a", { inputShape: [4], trainable: false })] });
  await assertRejects(
    () => accelerate(still, { measure: "gradient" }),
    RangeError,
    `Cannot measure gradients of ${still.name}: it has no weight to train`,
  );
  assertEquals(still.layers[0]!.constructor, norm("b").constructor);
  await useBackend("cpu", { kernels: "composed" });
  await assertRejects(
    () => accelerate(model),
    KernelUnavailableError,
    "Await useBackend() before accelerate().",
  );
  await useBackend("cpu");
  for (const one of [model, still, x]) one.dispose();
});
