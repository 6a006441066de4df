// Encoders, encoder–decoders, vision and speech Transformers: their parameters, their starts, and what padding and the future leak.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { disposeTree, Random } from "../../../lib/core/mod.ts";
import type { EagerInputs } from "../../../lib/interpret/eager.ts";
import { parametersIn } from "../../../lib/model/parameters.ts";
import { residuals } from "../../../lib/residual/mod.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import {
  encoderTransformer,
  speechTransformer,
  visionTransformer,
} from "../../../lib/transformer/models.ts";
import { runBatch } from "../../../lib/transformer/run.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { tapsOf } from "../../support/taps.ts";
import { layers, ramp, tokens, transformerCases } from "../../support/transformer_cases.ts";

/** What each gives. */
const shapes: Readonly<Record<string, readonly number[]>> = {
  "decoder": [2, 3, 7],
  "encoder": [2, 4, 7],
  "text classifier": [2, 1, 3],
  "encoder-decoder": [2, 3, 7],
  "vision": [2, 1, 4],
  "vision, mean": [2, 1, 4],
  "masked image": [2, 4, 5],
  "speech": [2, 4, 5],
  "keyword": [2, 1, 5],
  "image-text": [2, 4, 7],
};

/** Runs each kind of model with each of some variants; every parameter has a gradient, and nothing is left. */
async function requireGradients(ids: readonly string[]): Promise<void> {
  for (const [name, { make, inputs, options }] of Object.entries(transformerCases)) {
    for (const id of ids) {
      const before = tf.memory().numTensors;
      const model = make(id);
      const kinds = parametersIn(model.spec);
      assertEquals(
        [...model.starts.keys()].filter((path) => !kinds.has(path)),
        [],
        `${name} ${id}`,
      );
      const parameters = drawStarts(model.starts, 1);
      const names = Object.keys(parameters);
      const batch = inputs();
      const gradients = tf.grads((...values: tf.Tensor[]) => {
        const named = Object.fromEntries(names.map((path, at) => [path, values[at]!]));
        const { logits } = runBatch(named, model, batch, options);
        assertEquals(logits!.shape, shapes[name], `${name} ${id}`);
        return tf.sum(tf.square(logits!)) as tf.Scalar;
      })(names.map((path) => parameters[path]!));
      for (const [at, gradient] of gradients.entries()) {
        const values = await gradient.data();
        assert(values.every(Number.isFinite), `${name} ${id} ${names[at]}`);
      }
      disposeTree([gradients, parameters]);
      disposeTree(Object.values(batch).filter((one) => one instanceof tf.Tensor));
      assertEquals(tf.memory().numTensors, before, `${name} ${id}`);
    }
  }
}

Deno.test("every model runs with every variant, and each parameter has a gradient [wasm]", () =>
  onBackend(
    "wasm",
    () => requireGradients(residuals.flatMap(({ id }) => [id, `${id}+gpas`])),
  ));

onEachBackend(
  "every model runs with two streams and gates",
  () => requireGradients(["resi-dual+gpas"]),
);

onEachBackend("padding and the future change nothing of what counts", async () => {
  const { make } = transformerCases["encoder-decoder"]!;
  const model = make("sub-ln");
  const parameters = drawStarts(model.starts, 2);
  const run = async (source: number[], target: number[], length: number) => {
    const inputs = { source: tokens(source), tokens: tokens(target) };
    const logits = runBatch(parameters, model, inputs, { keyLengths: [length] })["logits"]!;
    const values = [...await logits.data()];
    logits.dispose();
    return values;
  };
  const plain = await run([1, 2, 3], [1, 2, 3], 3);
  const close = (a: readonly number[], b: readonly number[]): void =>
    a.forEach((value, at) => assertAlmostEquals(value, b[at]!, 1e-5));
  close(plain, await run([1, 2, 3, 6, 6], [1, 2, 3], 3));
  close(plain.slice(0, 14), (await run([1, 2, 3], [1, 2, 6], 3)).slice(0, 14));
  const other = await run([1, 2, 3, 6, 6], [1, 2, 3], 4);
  assert(other.some((value, at) => Math.abs(value - plain[at]!) > 1e-4), "a token that counts");
  disposeTree(parameters);
});

onEachBackend("the mean of a text that is classified leaves padding out", async () => {
  const sizes = { ...layers, vocabulary: 7, context: 5, depth: 1, classes: 3 };
  const model = encoderTransformer({ ...sizes, pooling: "mean" });
  const parameters = drawStarts(model.starts, 3);
  const classify = async (rows: number[], length?: number): Promise<number[]> => {
    const options = length === undefined ? {} : { keyLengths: [length] };
    const logits = runBatch(parameters, model, { tokens: tokens(rows) }, options)["logits"]!;
    const values = [...await logits.data()];
    logits.dispose();
    return values;
  };
  const plain = await classify([1, 2, 3]);
  const padded = await classify([1, 2, 3, 6, 6], 3);
  plain.forEach((value, at) => assertAlmostEquals(value, padded[at]!, 1e-5));
  disposeTree(parameters);
});

onEachBackend("a model guesses masked patches from the others, and sees those alone", async () => {
  const sizes = { ...layers, imageSize: 6, patchSize: 3, channels: 1, depth: 1, codes: 5 };
  const model = visionTransformer(sizes);
  const parameters = drawStarts(model.starts, 4);
  const guess = async (masked: number[][] | undefined, changed: number): Promise<number[]> => {
    const values = Array.from({ length: 72 }, (_, at) => Math.sin(at));
    values[changed] = 9; // of image 0 a pixel of the first patch, or of the last
    const pixels = tf.tensor(values, [2, 1, 6, 6]);
    const inputs = masked === undefined ? { pixels } : { pixels, masked };
    const logits = runBatch(parameters, model, inputs)["logits"]!;
    const numbers = [...await logits.data()];
    tf.dispose([logits, pixels]);
    return numbers;
  };
  const [first, last] = [7, 35];
  const apart = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
  const hidden = [[0, 3], [1]];
  assert(apart(await guess(hidden, first), await guess(hidden, last)) < 1e-5, "hidden");
  assert(apart(await guess([[0], [1]], first), await guess([[0], [1]], last)) > 1e-2, "seen");
  assert(apart(await guess([[], []], first), await guess(undefined, first)) < 1e-5, "none");
  disposeTree(parameters);
});

Deno.test("masked patches are refused where they are none, or nothing stands for them", () =>
  onBackend("cpu", () => {
    const sizes = { ...layers, imageSize: 6, patchSize: 3, channels: 1, depth: 1 };
    const [guessing, naming] = [{ codes: 5 }, { classes: 5 }].map((head) =>
      visionTransformer({ ...sizes, ...head })
    );
    const cases: readonly (readonly [typeof guessing, number[][], string])[] = [
      [guessing, [[4]], "Cannot mask patch 4 of image 0: patches go from 0 to 3"],
      [guessing, [[-1]], "Cannot mask patch -1 of image 0"],
      [guessing, [], "there are 0 lists of places for 1 images; each needs one"],
      [naming, [[0]], "the model has no vector that stands for them"],
    ];
    tf.tidy(() => {
      for (const [model, masked, message] of cases) {
        const parameters = drawStarts(model!.starts, 0);
        const inputs = { pixels: tf.ones([1, 1, 6, 6]), masked };
        assertThrows(() => runBatch(parameters, model!, inputs), RangeError, message);
      }
    });
  }));

Deno.test("models refuse what they cannot be, with the value and what is allowed", () => {
  const vision = { ...layers, imageSize: 6, patchSize: 3, depth: 1, classes: 2 };
  const cases: readonly (readonly [() => unknown, string])[] = [
    [() => visionTransformer({ ...vision, patchSize: 4 }), "patches of 4"],
    [() => visionTransformer({ ...vision, positions: "rotary" }), "learned"],
    [() => visionTransformer({ ...vision, classes: 0 }), "classes = 0"],
    [() => visionTransformer({ ...vision, clases: 2 } as never), '"classes"'],
    [
      () => encoderTransformer({ ...layers, vocabulary: 5, context: 4, depth: 1.5 }),
      "depth = 1.5",
    ],
    [() => visionTransformer({ ...vision, depth: 1e9 }), "depth = 1000000000"],
    [
      () => visionTransformer({ ...vision, codes: 8 }),
      "Cannot use classes = 2 and codes = 8: one of them must be given",
    ],
    [
      () => visionTransformer({ ...layers, imageSize: 6, patchSize: 3, depth: 1 }),
      "Cannot use classes = undefined and codes = undefined",
    ],
    [
      () =>
        speechTransformer({
          ...layers,
          channels: 2,
          frames: 4,
          depth: 1,
          classes: 2,
          reads: "first" as never,
        }),
      "all, mean",
    ],
  ];
  for (const [make, message] of cases) assertThrows(make, RangeError, message);
});

onEachBackend("an image–text model says which of its inputs is missing, or does not fit", () => {
  const { make } = transformerCases["image-text"]!;
  const model = make("pre-ln");
  const parameters = drawStarts(model.starts, 1);
  const texts = tokens([1, 2]);
  const cases: readonly (readonly [() => EagerInputs, string])[] = [
    [() => ({ tokens: texts }), "without pixels"],
    [() => ({ pixels: ramp(1, 1, 6, 6) }), "without tokens"],
    [() => ({ pixels: ramp(1, 1, 9, 9), tokens: texts }), "4 positions to 9 patches"],
    [
      () => ({ pixels: ramp(1, 1, 6, 6), tokens: tokens([1, 2, 3, 4, 5, 6]) }),
      "end of rows of wpe = 6",
    ],
  ];
  for (const [inputs, message] of cases) {
    const run = () => tf.tidy(() => runBatch(parameters, model, inputs()));
    assertThrows(run, RangeError, message);
  }
  disposeTree(parameters);
});

Deno.test("experts of patches and of tokens drop other values", () =>
  onBackend("cpu", async () => {
    const { make, inputs, options } = transformerCases["image-text"]!;
    const model = { ...make("pre-ln"), dropout: 0.5 };
    const parameters = drawStarts(model.starts, 1);
    const taps = await tapsOf((tap) =>
      runBatch(parameters, model, inputs(), { ...options, tap, dropout: new Random(1) })["logits"]!
    );
    const dropped = (rows: string): boolean[] =>
      taps.get(`blocks.1.mlp_out.${rows}`)!.map((value) => value === 0);
    const [patches, tokens] = [dropped("patches"), dropped("tokens")];
    assert(patches.includes(true) && tokens.includes(true));
    assertNotEquals(patches, tokens);
    disposeTree(parameters);
  }));

Deno.test("taps of an expert's rows end with what the rows are", () =>
  onBackend("cpu", async () => {
    const { make, inputs, options } = transformerCases["image-text"]!;
    const model = make("sub-ln");
    const parameters = drawStarts(model.starts, 1);
    const taps = await tapsOf((tap) =>
      runBatch(parameters, model, inputs(), { ...options, tap })["logits"]!
    );
    const rowsOf = (name: string): number => taps.get(`blocks.1.${name}`)!.length / 2;
    assertEquals(rowsOf("mlp_in.patches"), 4 * layers.width);
    assertEquals(rowsOf("mlp_in.tokens"), 4 * layers.width);
    assertEquals(rowsOf("norm.feedForward.inner.tokens"), 4 * layers.hidden);
    assertEquals(rowsOf("resid_post"), 8 * layers.width);
    disposeTree(parameters);
  }));
