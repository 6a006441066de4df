// The layers of lib/tfjs against float64 and against tfjs's own layer: values, gradients, weights, files, training.

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../../lib/backend/mod.ts";
import { shown } from "../../../lib/core/options.ts";
import { Random } from "../../../lib/core/random.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import {
  CRMSNormalization,
  GPAS,
  LayerNormalization,
  type NormalizationOptions,
  replaceLayerNormalization,
  RMSNormalization,
} from "../../../lib/tfjs/mod.ts";
import { gpas, gpasGrad } from "../../reference/gpas.ts";
import { norm, normGrad, type NormKind } from "../../reference/norms.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";

const random = new Random(3, "layers");
const [rows, width] = [6, 10];
const numbers = (size: number): number[] => Array.from(random.normals(size, 1));
const [values, dy] = [numbers(rows * width), numbers(rows * width)];
const [gain, bias] = [numbers(width), numbers(width)];
const inRows = (flat: readonly number[]): number[][] =>
  Array.from({ length: rows }, (_, row) => flat.slice(row * width, (row + 1) * width));

/** A layer's output, and the gradients of Σ dy ⊙ output to its input and its weights; the layer is disposed. */
async function pulled(layer: tf.layers.Layer, weights: readonly Tensor[]): Promise<number[][]> {
  const x = tf.tensor(values, [2, rows / 2, width]);
  const results = tf.tidy(() => {
    layer.apply(x);
    layer.setWeights([...weights]);
    const along = tf.tensor(dy, x.shape);
    const loss = (input: Tensor): tf.Scalar => tf.sum(tf.mul(layer.apply(input) as Tensor, along));
    const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const grads = variables.length === 0 ? {} : tf.variableGrads(() => loss(x), variables).grads;
    return [layer.apply(x) as Tensor, tf.grad(loss)(x), ...Object.values(grads)];
  });
  const found = (await readAll(results)).map((one) => Array.from(one));
  tf.dispose([x, ...weights, ...results]);
  layer.dispose();
  return found;
}

function assertAll(actual: number[][], expected: number[][], limit: number, of: string): void {
  assertEquals(actual.length, expected.length, of);
  for (const [index, one] of expected.entries()) {
    assertClose(actual[index]!, one, limit, `${of}: ${["value", "dx"][index] ?? "weight"}`);
  }
}

const kinds: readonly [NormKind, (options: NormalizationOptions) => tf.layers.Layer][] = [
  ["layer", (options) => new LayerNormalization(options)],
  ["rms", (options) => new RMSNormalization(options)],
  ["crms", (options) => new CRMSNormalization(options)],
];

for (const [kind, make] of kinds) {
  onEachBackend(`the layer of ${kind} gives the values and gradients of float64`, async () => {
    for (const [scale, center] of [[true, true], [true, false], [false, true], [false, false]]) {
      const layer = make({ epsilon: 0.01, scale: scale!, center: center! });
      const weights = [
        ...(scale ? [tf.tensor1d(gain)] : []),
        ...(center ? [tf.tensor1d(bias)] : []),
      ];
      const options = { eps: 0.01, ...(scale ? { gain } : {}), ...(center ? { bias } : {}) };
      const expected = normGrad(kind, inRows(values), inRows(dy), options);
      assertAll(
        await pulled(layer, weights),
        [
          inRows(values).flatMap((row) => norm(kind, row, options)),
          expected.dx.flat(),
          ...(scale ? [expected.dGain] : []),
          ...(center ? [expected.dBias] : []),
        ],
        1e-5,
        `${kind}, scale ${scale}, center ${center}`,
      );
    }
  });
}

onEachBackend("LayerNormalization is tfjs's own, over every axis", async () => {
  for (const axis of [-1, 2, [2], 1, [1, 2], -2]) {
    const shape = [axis].flat().map((one) => [2, rows / 2, width].at(one)!);
    const size = shape.reduce((product, length) => product * length, 1);
    const weights = (): Tensor[] => [
      tf.tensor(new Random(1).normals(size, 1), shape),
      tf.tensor(new Random(2).normals(size, 1), shape),
    ];
    const own = await pulled(tf.layers.layerNormalization({ axis }), weights());
    assertAll(await pulled(new LayerNormalization({ axis }), weights()), own, 1e-5, `axis ${axis}`);
  }
});

onEachBackend("GPAS gives the values and gradients of float64", async () => {
  for (const activation of ["silu", "tanh", "identity"] as const) {
    const { dx, dGate } = gpasGrad(values, dy, 0.7, activation);
    assertAll(
      await pulled(new GPAS({ activation }), [tf.scalar(0.7)]),
      [gpas(values, 0.7, activation), dx, [dGate]],
      1e-5,
      activation,
    );
  }
});

Deno.test("CRMSNormalization with a padded lane leaves it 0", async () => {
  const [value] = await pulled(new CRMSNormalization({ layout: "padded" }), [tf.tensor1d(gain)]);
  for (const [index, row] of inRows(values).entries()) {
    const compressed = norm("crms", row.slice(0, -1), { gain: gain.slice(0, -1), eps: 1e-5 });
    assertClose(value!.slice(index * width, (index + 1) * width), [...compressed, 0], 1e-5, "row");
  }
});

/** A model with every layer, its options away from the defaults. */
function everyLayer(): tf.Sequential {
  return tf.sequential({
    layers: [
      new LayerNormalization({
        inputShape: [5, 8],
        epsilon: 0.02,
        gammaInitializer: "randomNormal",
        betaInitializer: tf.initializers.constant({ value: 0.3 }),
        gammaRegularizer: tf.regularizers.l2({ l2: 0.01 }),
        betaRegularizer: "l1l2",
        name: "first",
      }),
      tf.layers.dense({ units: 8, name: "middle" }),
      new RMSNormalization({ scale: false, trainable: false }),
      new LayerNormalization({ axis: [1, 2], center: false }),
      new CRMSNormalization({ layout: "padded", center: true }),
      new GPAS({ activation: "tanh" }),
    ],
  });
}

/** Loads what a model saves. */
async function savedAndLoaded(model: tf.LayersModel): Promise<tf.LayersModel> {
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(tf.io.withSaveHandler((given) => {
    artifacts = JSON.parse(JSON.stringify({ ...given, weightData: undefined }));
    artifacts.weightData = given.weightData!;
    const info = { dateSaved: new Date(), modelTopologyType: "JSON" } as const;
    return Promise.resolve({ modelArtifactsInfo: info });
  }));
  return await tf.loadLayersModel(tf.io.fromMemory(artifacts));
}

const configOf = (model: tf.LayersModel): unknown =>
  JSON.parse(
    JSON.stringify(
      model.layers.map((layer) => layer.getConfig()),
      (_, value) => value ?? undefined, // a seed that is not given is null in files
    ),
  );

onEachBackend(
  "a model with every layer is saved and loaded, weights and configuration",
  async () => {
    const model = everyLayer();
    tf.tidy(() => model.layers.at(-1)!.setWeights([tf.scalar(0.4)]));
    const copy = await savedAndLoaded(model);
    for (const [index, layer] of copy.layers.entries()) {
      assertEquals(layer.constructor, model.layers[index]!.constructor);
    }
    assertEquals(configOf(copy), configOf(model));
    const x = tf.randomNormal([2, 5, 8]);
    const outputs = tf.tidy(() => [model.predict(x) as Tensor, copy.predict(x) as Tensor]);
    const [first, second] = await readAll(outputs);
    assertEquals(second, first);
    tf.dispose([x, ...outputs]);
    model.dispose();
    copy.dispose();
  },
);

/** A model of one norm between two products, from fixed weights. */
function smallModel(layer: tf.layers.Layer): tf.Sequential {
  const dense = (units: number, seed: number): tf.layers.Layer =>
    tf.layers.dense({ units, kernelInitializer: tf.initializers.glorotNormal({ seed }) });
  const first = tf.layers.dense({
    units: 8,
    inputShape: [4],
    kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
  });
  return tf.sequential({ layers: [first, layer, dense(8, 2), dense(1, 3)] });
}

/** Losses of training on y = Σ x²; tfjs's optimizers are freed as well. */
async function losses(layer: tf.layers.Layer): Promise<number[]> {
  const model = smallModel(layer);
  const x = tf.tensor2d(new Random(5).normals(64, 1), [16, 4]);
  const y = tf.tidy(() => tf.sum(tf.square(x), -1, true));
  const optimizer = tf.train.adam(0.02);
  model.compile({ optimizer, loss: "meanSquaredError" });
  const { history } = await model.fit(x, y, {
    epochs: 12,
    batchSize: 16,
    shuffle: false,
    verbose: 0,
  });
  tf.dispose([x, y]);
  optimizer.dispose();
  model.dispose();
  return history["loss"] as number[];
}

onEachBackend(
  "fit() trains with LayerNormalization as with tfjs's own, and lowers the loss with each layer",
  async () => {
    const own = await losses(tf.layers.layerNormalization({ gammaRegularizer: "l1l2" }));
    const fused = await losses(new LayerNormalization({ gammaRegularizer: "l1l2" }));
    assertClose(fused, own, 1e-4, "losses");
    for (const layer of [new RMSNormalization(), new CRMSNormalization(), new GPAS()]) {
      const found = await losses(layer);
      assert(found.at(-1)! < found[0]! * 0.9, `${layer.name}: ${found}`);
    }
  },
);

onEachBackend("the layers run as kernels, forward and backward", async (backend) => {
  for (const layer of [new LayerNormalization(), new RMSNormalization(), new CRMSNormalization()]) {
    const x = tf.ones([2, 8]);
    tf.dispose(layer.apply(x) as Tensor); // makes the weights
    const { kernelNames, result } = await tf.profile(() =>
      tf.tidy(() => tf.grad((input) => tf.sum(layer.apply(input) as Tensor))(x))
    );
    tf.dispose(result as Tensor);
    for (const name of ["NormkitNorm", "NormkitNormGradient"]) {
      assert(kernelNames.includes(name), `${name} of ${kernelNames} on ${backend}`);
    }
    layer.dispose();
    x.dispose();
  }
});

Deno.test("wrong options are refused with the value and what is allowed", () => {
  const wrong: readonly [object, string][] = [
    [
      { epsilom: 1 },
      'Cannot use the option "epsilom" of NormkitLayerNormalization: did you mean "epsilon"?',
    ],
    [{ epsilon: 0 }, "Cannot use epsilon = 0: it must be a finite number > 0"],
    [{ epsilon: "small" }, 'Cannot use epsilon = "small"'],
    [{ axis: 0.5 }, "Cannot use axis = 0.5: it must be a whole number"],
    [{ axis: [] }, "Cannot use axis = []: it must name at least one axis"],
    [{ axis: "last" }, 'Cannot use axis = "last": it must be a whole number'],
    [{ center: 1 }, "Cannot use center = 1 of NormkitLayerNormalization: it must be true or false"],
    [{ gammaInitializer: "one" }, 'Cannot use gammaInitializer = "one": it must be one of '],
    [{ betaInitializer: 3 }, "Cannot use betaInitializer = 3: it must be one of glorotNormal, "],
    [{ betaRegularizer: "l3" }, 'Cannot use betaRegularizer = "l3": it must be one of l1l2'],
  ];
  for (const [options, message] of wrong) {
    const error = assertThrows(() => new LayerNormalization(options), RangeError);
    assert(error.message.startsWith(message), error.message);
  }
  const layers: readonly [() => unknown, string][] = [
    [() => new GPAS({ activation: "swish" as "silu" }), 'Cannot use activation = "swish"'],
    [() => new CRMSNormalization({ layout: "wide" as "padded" }), 'Cannot use layout = "wide"'],
    ...[LayerNormalization, RMSNormalization, CRMSNormalization, GPAS].flatMap((Layer) =>
      [null, [], "rms", 3, () => 1].map((options): [() => unknown, string] => [
        () => new Layer(options as never),
        `Cannot use ${shown(options)} as options of ${Layer.className}: it must be an object`,
      ])
    ),
  ];
  for (const [make, message] of layers) {
    const error = assertThrows(make, RangeError);
    assert(error.message.startsWith(message), error.message);
  }
});

onEachBackend("inputs that do not fit are refused, and nothing is left", () => {
  const wrong: readonly [tf.layers.Layer, (number | null)[], string][] = [
    [
      new LayerNormalization({ axis: 3 }),
      [null, 4],
      "Cannot use axis = 3: it must be a whole number ≥ -2 and ≤ 1",
    ],
    [
      new LayerNormalization({ axis: [1, -1] }),
      [null, 4],
      "Cannot use axis = [1, -1] of NormkitLayerNormalization: two of them are the same",
    ],
    [
      new LayerNormalization(),
      [null, null],
      "Cannot build NormkitLayerNormalization for inputs of shape [null, null]: axis 1 must have a known length",
    ],
    [
      new RMSNormalization({ axis: 1 }),
      [null, 4, 4],
      "Cannot use axis = 1 of NormkitRMSNormalization on inputs of shape [null, 4, 4]: it must be the last one, -1",
    ],
    [
      new CRMSNormalization({ axis: [1, 2] }),
      [null, 4, 4],
      "Cannot use axis = 1, 2 of NormkitCRMSNormalization",
    ],
  ];
  for (const [layer, shape, message] of wrong) {
    const error = assertThrows(() => layer.build(shape), RangeError);
    assert(error.message.startsWith(message), error.message);
  }
  const several = new LayerNormalization({ name: "norm" });
  const call = (): unknown => tf.tidy(() => several.call([tf.zeros([1, 2]), tf.zeros([1, 2])], {}));
  assertThrows(call, RangeError, "Cannot apply norm to 2 inputs: it must be one");
});

Deno.test("tfjs's registry keeps its own class, unless it is asked to replace it", async () => {
  const config = () =>
    new Map(Object.entries(tf.serialization.SerializationMap.getMap().classNameMap));
  const stock = tf.layers.layerNormalization().constructor;
  assertEquals(config().get("LayerNormalization")![0] as unknown, stock);
  const model = tf.sequential({ layers: [tf.layers.layerNormalization({ inputShape: [4] })] });
  const restore = replaceLayerNormalization();
  const replaced = await savedAndLoaded(model);
  restore();
  const again = await savedAndLoaded(model);
  assert(replaced.layers[0] instanceof LayerNormalization);
  assertEquals(again.layers[0]!.constructor, stock);
  const undo = [replaceLayerNormalization(), replaceLayerNormalization()];
  for (const one of undo) one();
  assertEquals(config().get("LayerNormalization")![0] as unknown, stock);
  for (const one of [model, replaced, again]) one.dispose();
});
