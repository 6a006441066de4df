// Masks leak neither the future nor padding: of outputs that must not depend on an input the gradient is 0, exactly, and of those that may it
// is not; on every kind of model with every variant.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../../lib/backend/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { completeConfig } from "../../../lib/decoder/config.ts";
import { decoderBlueprint } from "../../../lib/decoder/spec.ts";
import type { EagerInputs } from "../../../lib/interpret/eager.ts";
import { residuals } from "../../../lib/residual/mod.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import {
  encoderDecoderTransformer,
  encoderTransformer,
  imageTextTransformer,
  speechTransformer,
  type Transformer,
} from "../../../lib/transformer/models.ts";
import { runBatch, type RunOptions } from "../../../lib/transformer/run.ts";
import { onEachBackend } from "../../support/backends.ts";
import { layers, ramp, tokens } from "../../support/transformer_cases.ts";

/** A model with the rows of its output that are looked at, and for each row of an input whether these depend on it. */
interface Case {
  readonly model: Pick<Transformer, "spec" | "starts">;
  readonly inputs: () => EagerInputs;
  readonly options?: RunOptions;
  /** So many rows of the logits of each sequence; all by default. */
  readonly rows?: readonly number[];
  /** By the name of a parameter, or `features`: of each sequence, which rows are seen. */
  readonly seen: Readonly<Record<string, readonly (readonly boolean[])[]>>;
}

const yes = (count: number): boolean[] => Array(count).fill(true);
const no = (count: number): boolean[] => Array(count).fill(false);

/** Every token once, so that a row of the table is a place of a text. */
const [first, second] = [[0, 1, 2, 3], [4, 5, 6, 7]];
const places = () => tokens(first!, second!);
const text = { vocabulary: 8, context: 4 };
const depth = 4; // Mix-LN has Post-LN in the first

const decoder = (residual: string, changes: { readonly positions?: "rotary" } = {}): Case => ({
  model: decoderBlueprint(completeConfig({ ...layers, ...text, ...changes, residual, depth })),
  inputs: () => ({ tokens: places() }),
  rows: [2, 3],
  seen: { "wte": [[...yes(2), ...no(2)], [...yes(3), ...no(1)]] },
});

const padded = { keyLengths: [4, 2] };
const withoutPadding = [yes(4), [...yes(2), ...no(2)]];

const classifier = (residual: string, pooling: "first" | "mean"): Case => ({
  model: encoderTransformer({ ...layers, ...text, residual, depth, pooling, classes: 3 }),
  inputs: () => ({ tokens: places() }),
  options: padded,
  seen: { "wte": withoutPadding },
});

const speech = (residual: string, reads: "all" | "mean"): Case => ({
  model: speechTransformer({
    ...{ ...layers, residual, depth, reads },
    ...{ channels: 3, frames: 8, classes: 5 },
  }),
  inputs: () => ({ features: ramp(2, 3, 8) }),
  options: { keyLengths: [8, 5] },
  rows: reads === "all" ? [4, 3] : [1, 1],
  seen: { "features": [yes(8), [...yes(5), ...no(3)]] },
});

/** The kinds of models, by what they are called. */
const cases: Readonly<Record<string, (residual: string) => Case>> = {
  "decoder": (residual) => decoder(residual),
  "decoder with rotary positions": (residual) => decoder(residual, { positions: "rotary" }),
  "encoder": (residual) => ({
    model: encoderTransformer({ ...layers, ...text, residual, depth }),
    inputs: () => ({ tokens: places() }),
    options: padded,
    rows: padded.keyLengths,
    seen: { "wte": withoutPadding },
  }),
  "classifier of the first row": (residual) => classifier(residual, "first"),
  "classifier of the mean": (residual) => classifier(residual, "mean"),
  "encoder–decoder": (residual) => ({
    model: encoderDecoderTransformer({
      ...{ ...layers, ...text, residual },
      ...{ encoderDepth: depth, decoderDepth: depth },
    }),
    inputs: () => ({ source: places(), tokens: places() }),
    options: padded,
    rows: [3, 1],
    seen: {
      "encoder.wte": withoutPadding,
      "decoder.wte": [[...yes(3), ...no(1)], [...yes(1), ...no(3)]],
    },
  }),
  "image-text": (residual) => ({
    model: imageTextTransformer({
      ...{ ...layers, ...text, residual, depth },
      ...{ imageSize: 6, patchSize: 3, channels: 1 },
    }),
    inputs: () => ({ pixels: ramp(2, 1, 6, 6), tokens: places() }),
    options: { keyLengths: padded.keyLengths.map((length) => 4 + length) },
    rows: padded.keyLengths,
    seen: { "wte": withoutPadding, "patches.wpe": [yes(4)] },
  }),
  "speech": (residual) => speech(residual, "all"),
  "keywords": (residual) => speech(residual, "mean"),
};

/** The gradients of a weighted sum of those outputs that are looked at, by the name of what it is a function of. */
function gradientsOf(
  { model, inputs, options = {}, rows, seen }: Case,
): Map<string, Tensor> {
  const parameters = drawStarts(model.starts, 1);
  const batch = inputs();
  const names = Object.keys(seen);
  const given = names.map((name) => parameters[name] ?? batch.features!);
  const gradients = tf.grads((...values: Tensor[]) => {
    const changed = Object.fromEntries(names.map((name, at) => [name, values[at]!]));
    const { features = batch.features, ...tables } = changed;
    const read = features === undefined ? batch : { ...batch, features };
    const { logits } = runBatch({ ...parameters, ...tables }, model, read, options);
    const parts = tf.unstack(logits!).map((one, at) =>
      tf.slice(one, 0, rows?.[at] ?? one.shape[0]!)
    );
    const looked = tf.concat(parts, 0);
    return tf.sum(tf.mul(looked, ramp(...looked.shape))) as tf.Scalar;
  })(given);
  disposeTree([parameters, Object.values(batch).filter((one) => one instanceof tf.Tensor)]);
  return new Map(names.map((name, at) => [name, gradients[at]!]));
}

/** Which rows have a gradient that is not 0: of a table [B·T, D], of features [B, C, T]. */
function seenRows(gradient: Tensor, values: ArrayLike<number>, [batch, length]: [number, number]) {
  const isTable = gradient.rank === 2;
  const rows: boolean[][] = Array.from({ length: batch }, () => no(length));
  for (let at = 0; at < values.length; at++) {
    const width = gradient.size / batch / length;
    const row = isTable ? Math.floor(at / width) : at % length;
    const sequence = isTable ? Math.floor(row / length) : Math.floor(at / width / length);
    if (values[at] !== 0) rows[sequence]![row % length] = true;
  }
  return rows;
}

for (const [kind, make] of Object.entries(cases)) {
  onEachBackend(`${kind}: no variant sees the future or padding`, async () => {
    for (const id of residuals.flatMap(({ id }) => [id, `${id}+gpas`])) {
      const one = make(id);
      const gradients = gradientsOf(one);
      const values = await readAll([...gradients.values()]);
      for (const [at, [name, gradient]] of [...gradients].entries()) {
        const expected = one.seen[name]!;
        const size: [number, number] = [expected.length, expected[0]!.length];
        assertEquals(seenRows(gradient, values[at]!, size), expected, `${kind} ${id} ${name}`);
      }
      disposeTree([...gradients.values()]);
    }
  });
}

onEachBackend("a sound gives the same alone and beside a longer one", async () => {
  const { model } = speech("pre-ln", "all");
  const parameters = drawStarts(model.starts, 1);
  const run = async (frames: number, length?: number) => {
    const features = tf.tidy(() => tf.slice(ramp(1, 3, 8), [0, 0, 0], [1, 3, frames]));
    const options = length === undefined ? {} : { keyLengths: [length] };
    const { logits } = runBatch(parameters, model, { features }, options);
    const values = [...await logits!.data()].slice(0, 3 * 5);
    disposeTree([features, logits]);
    return values;
  };
  const alone = await run(5);
  (await run(8, 5)).forEach((value, at) => assertAlmostEquals(value, alone[at]!, 1e-5));
  disposeTree(parameters);
});

onEachBackend("runBatch() refuses lengths that are not those of its sequences", () => {
  const { model, inputs } = cases["classifier of the mean"]!("pre-ln");
  const parameters = drawStarts(model.starts, 1);
  const bad: readonly (readonly [number[], string])[] = [
    [[4], "1 lengths for 2 sequences"],
    [[4, 5], "the length of a sequence = 5"],
    [[4, 0], "the length of a sequence = 0"],
    [[4, 1.5], "the length of a sequence = 1.5"],
  ];
  for (const [keyLengths, message] of bad) {
    const run = () => runBatch(parameters, model, inputs(), { keyLengths });
    assertThrows(run, RangeError, message);
  }
  disposeTree(parameters);
});
