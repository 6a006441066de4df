// How the parameters of every kind of model start, with every variant: what is drawn, against the papers' formulas; the same numbers for one
// seed whatever the variant; and an empty lane where the norm has one.

import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../../lib/backend/mod.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { residuals } from "../../../lib/residual/mod.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import {
  encoderDecoderTransformer,
  encoderTransformer,
  imageTextTransformer,
  speechTransformer,
  type Transformer,
  visionTransformer,
} from "../../../lib/transformer/models.ts";
import { runBatch } from "../../../lib/transformer/run.ts";
import type { LayerOptions } from "../../../lib/transformer/settings.ts";
import { depthConstants } from "../../reference/constants.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { transformerCases } from "../../support/transformer_cases.ts";

const [width, hidden, N, M] = [48, 80, 2, 3];

/** Models whose matrices are large enough for statistics. */
const kinds: Readonly<Record<string, (options: Partial<LayerOptions>) => Transformer>> = {
  "encoder": (options) =>
    encoderTransformer({
      ...{ ...options, width, hidden, heads: 4, activation: "swiglu" },
      ...{ depth: N, vocabulary: 60, context: 32 },
    }),
  "text classifier": (options) =>
    encoderTransformer({
      ...{ ...options, width, hidden, heads: 4 },
      ...{ depth: N, vocabulary: 60, context: 32, classes: 20, pooling: "mean" },
    }),
  "encoder-decoder": (options) =>
    encoderDecoderTransformer({
      ...{ ...options, width, hidden, heads: 4 },
      ...{ encoderDepth: N, decoderDepth: M, vocabulary: 60, context: 32 },
    }),
  "vision": (options) =>
    visionTransformer({
      ...{ ...options, width, hidden, heads: 4 },
      ...{ depth: N, imageSize: 24, patchSize: 4, channels: 3, classes: 20 },
    }),
  "image-text": (options) =>
    imageTextTransformer({
      ...{ ...options, width, hidden, heads: 4, depth: N },
      ...{ imageSize: 24, patchSize: 4, channels: 1, vocabulary: 60, context: 32 },
    }),
  "speech": (options) =>
    speechTransformer({
      ...{ ...options, width, hidden, heads: 4 },
      ...{ depth: N, channels: 20, frames: 64, classes: 20, reads: "all" },
    }),
};

const constants = depthConstants(N, M);
const alone = depthConstants(N, N);

/** What DeepNorm and Sub-LN multiply V, O and the network's matrices by, of the stack that a path begins with. */
const stackGains: Readonly<Record<string, (path: string) => number>> = {
  "deep-norm": (path) =>
    path.startsWith("encoder.")
      ? constants.encoderBeta
      : path.startsWith("decoder.")
      ? constants.decoderBeta
      : alone.beta,
  "sub-ln": (path) =>
    path.includes("cross")
      ? 1
      : path.startsWith("encoder.")
      ? constants.encoderGamma
      : path.startsWith("decoder.")
      ? constants.decoderGamma
      : alone.gamma,
};

/** What a variant multiplies a matrix by. */
function gainOf(id: string, path: string): number {
  const isScaled = /blocks.*\.w[vo123]$/.test(path);
  if (!isScaled) return 1;
  if (id === "sandwich-ln" && /w[o2]$/.test(path)) {
    return (2 * (path.startsWith("decoder.") ? M : N)) ** -0.5;
  }
  return stackGains[id]?.(path) ?? 1;
}

const xavier = ["post-ln", "pre-ln", "sub-ln", "deep-norm", "resi-dual"];

/** What a matrix reads and gives, as a map of rows: tables are maps of one-hot rows that are as large as a stream. */
function sizesOf(path: string, shape: readonly number[]): readonly [number, number] {
  const [first, ...others] = shape as [number, ...number[]];
  const size = others.reduce((a, b) => a * b, 1);
  return /^(patches|convolutions)/.test(path) ? [size, first] : [first, size];
}

/** The standard deviation of what is drawn. */
function stdOf(id: string, path: string, shape: readonly number[]): number {
  if (!xavier.includes(id)) return 0.02 * gainOf(id, path);
  if (/(^|\.)(wte|wpe|class)$/.test(path)) return width ** -0.5;
  const [inputs, outputs] = sizesOf(path, shape);
  return Math.sqrt(2 / (inputs + outputs)) * gainOf(id, path);
}

/** The numbers that each parameter starts from. */
async function startOf({ starts }: Transformer, seed: number): Promise<Map<string, number[]>> {
  const drawn = drawStarts(starts, seed);
  const values = await readAll(Object.values(drawn));
  disposeTree(drawn);
  return new Map(Object.keys(drawn).map((path, at) => [path, Array.from(values[at]!)]));
}

const isDrawn = (path: string): boolean => /(\.w.?|wte|wpe|class)$/.test(path);
const root = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + x, 0) / values.length;

for (const [kind, make] of Object.entries(kinds)) {
  Deno.test(`${kind}: each matrix of each variant has its formula's standard deviation`, () =>
    onBackend("cpu", async () => {
      for (const { id } of residuals) {
        const model = make({ residual: id });
        const start = await startOf(model, 5);
        const matrices = [...start].filter(([path]) => isDrawn(path));
        for (const [path, values] of matrices) {
          const what = `${id}, ${path}`;
          const std = stdOf(id, path, model.starts.get(path)!.shape);
          // 4.5 standard errors
          assertClose([root(values)], [std], 4.5 / Math.sqrt(2 * values.length), what);
          assert(Math.abs(mean(values)) < 4.5 * std / Math.sqrt(values.length), what);
        }
        const firsts = new Set(matrices.map(([, [x]]) => x! / root(matrices[0]![1])));
        assertEquals(firsts.size, matrices.length, `${id}: numbers of their own`);
      }
    }));

  Deno.test(`${kind}: a seed gives the same numbers whatever the variant, up to its gains`, () =>
    onBackend("cpu", async () => {
      const plain = await startOf(make({ residual: "pre-ln", init: "xavier" }), 6);
      for (const id of residuals.flatMap(({ id }) => [id, `${id}+gpas`])) {
        const found = await startOf(make({ residual: id, init: "xavier" }), 6);
        for (const [path, values] of found) {
          if (!isDrawn(path)) continue;
          const gain = gainOf(id.replace("+gpas", ""), path);
          const expected = plain.get(path)!.map((value) => value * gain);
          assertClose(values, expected, 1e-6, `${id}, ${path}`);
        }
      }
    }));

  Deno.test(`${kind}: gains start at 1, or 1/√l, biases and gates at 0`, () =>
    onBackend("cpu", async () => {
      for (const { id } of residuals) {
        for (const [path, values] of await startOf(make({ residual: `${id}+gpas` }), 1)) {
          if (isDrawn(path)) continue;
          const layer = Number(/blocks\.(\d+)/.exec(path)?.[1]);
          const isOurs = id === "lns-gain" && path.endsWith("input.gain");
          const start = path.endsWith("gain") ? isOurs ? layer ** -0.5 : 1 : 0;
          assert(values.every((value) => value === Math.fround(start)), `${id}, ${path}`);
        }
      }
    }));
}

/** The sum Σ xᵢ cos i of a parameter as it was when this was written: a seed is a promise. */
const frozen: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "encoder": {
    "wte": 8.5657554,
    "blocks.2.attention.wq": 3.6690694,
    "blocks.1.feedForward.w3": -5.3888664,
  },
  "text classifier": { "head.w": 1.1256718 },
  "encoder-decoder": {
    "encoder.blocks.1.attention.wo": 2.0880346,
    "decoder.blocks.3.crossAttention.wk": -0.26947744,
    "decoder.wte": -2.1037238,
  },
  "vision": { "class": 0.42103708, "patches.w": -6.0275621 },
  "image-text": { "patches.wpe": -1.517525733947461, "blocks.1.feedForward.tokens.w1": 7.9189546 },
  "speech": { "convolutions.2.w": 0.035837690, "wpe": 3.2515869 },
};

for (const [kind, sums] of Object.entries(frozen)) {
  Deno.test(`${kind}: a seed gives the numbers that it gave`, () =>
    onBackend("cpu", async () => {
      const start = await startOf(kinds[kind]!({}), 7);
      for (const [path, expected] of Object.entries(sums)) {
        const found = start.get(path)!.reduce((sum, x, at) => sum + x * Math.cos(at), 0);
        assertClose([found], [expected], 1e-5, path);
      }
    }));
}

/** Runs a model with padded streams, and again after a step of descent; nothing may stand in the last lane of any stream. */
async function requireEmptyLane(kind: string, id: string): Promise<void> {
  const { make, inputs, options = {} } = transformerCases[kind]!;
  const model = make(id, { norm: "crms-padded" });
  const parameters = drawStarts(model.starts, 1);
  const names = Object.keys(parameters);
  const batch = inputs();
  const lanes: Tensor[] = [];
  const tap = (name: string, x: Tensor): void => {
    if (!/(resid_\w+|embed|final)$/.test(name)) return;
    const [size, length, lane] = x.shape as [number, number, number];
    const last = tf.slice(x, [0, 0, lane - 1], [size, length, 1]);
    lanes.push(tf.keep(tf.sum(tf.abs(last))));
  };
  const loss = (...values: Tensor[]): tf.Scalar => {
    const named = Object.fromEntries(names.map((name, at) => [name, values[at]!]));
    return tf.sum(tf.square(runBatch(named, model, batch, { ...options, tap })["logits"]!));
  };
  const given = names.map((name) => parameters[name]!);
  const gradients = tf.grads(loss)(given);
  tf.tidy(() => void loss(...given.map((value, at) => tf.sub(value, tf.mul(0.1, gradients[at]!)))));
  const sums = (await readAll(lanes)).map(([sum]) => sum);
  assert(sums.length > 8, kind);
  assertEquals(sums.filter((sum) => sum !== 0), [], `${kind}, ${id}`);
  disposeTree([parameters, gradients, lanes]);
  disposeTree(Object.values(batch).filter((one) => one instanceof tf.Tensor));
}

const lane = "nothing writes to the last lane of a padded stream, nor learns to";

Deno.test(`${lane}, of any kind and variant [wasm]`, () =>
  onBackend("wasm", async () => {
    for (const kind of Object.keys(transformerCases)) {
      for (const { id } of residuals) await requireEmptyLane(kind, `${id}+gpas`);
    }
  }));

onEachBackend(lane, async () => {
  for (const id of ["pre-ln", "sub-ln", "resi-dual"]) await requireEmptyLane("encoder-decoder", id);
});
