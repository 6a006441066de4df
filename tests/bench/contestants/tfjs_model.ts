// The same decoder as one would write it with tfjs alone: its operations, its gradients, its Adam. No kernel of normkit and
// none of its ways around tfjs's slow paths; the embedding is a product because tfjs lacks the gradient of a lookup on WASM.

import * as tf from "@tensorflow/tfjs";
import { Random, type Random as Draws, type Scalar, type Tensor } from "@normkit/normkit";
import { inProcess, type Runner } from "../timing/contestant.ts";
import { learningRate, type ModelSize, randomBatch } from "./batch.ts";
import { readOne } from "./tfjs.ts";

/** Makes or finds a variable by its name. */
type Weights = (name: string, shape: number[], start?: number) => tf.Variable;

function weights(random: Draws): { all: Map<string, tf.Variable>; weight: Weights } {
  const all = new Map<string, tf.Variable>();
  const make = (name: string, shape: number[], start?: number): tf.Variable => {
    const count = shape.reduce((product, axis) => product * axis, 1);
    const normal = (): Tensor => tf.tensor(random.fork(name).normals(count, 0.02), shape);
    const value = tf.tidy(() => start === undefined ? normal() : tf.fill(shape, start));
    const variable = tf.keep(tf.variable(value));
    value.dispose();
    all.set(name, variable);
    return variable;
  };
  return { all, weight: (name, shape, start) => all.get(name) ?? make(name, shape, start) };
}

function layerNorm(x: Tensor, name: string, weight: Weights): Tensor {
  const width = x.shape.at(-1)!;
  const { mean, variance } = tf.moments(x, -1, true);
  const normed = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(
    tf.mul(normed, weight(`${name}.gain`, [width], 1)),
    weight(`${name}.bias`, [width], 0),
  );
}

function linear(x: Tensor, width: number, name: string, weight: Weights): Tensor {
  const inner = x.shape.at(-1)!;
  const flat = tf.matMul(
    tf.reshape(x, [-1, inner]),
    weight(`${name}.w`, [inner, width]) as tf.Tensor2D,
  );
  return tf.reshape(tf.add(flat, weight(`${name}.b`, [width], 0)), [
    ...x.shape.slice(0, -1),
    width,
  ]);
}

function attention(x: Tensor, mask: Tensor, heads: number, name: string, weight: Weights): Tensor {
  const [rows, tokens, width] = x.shape as [number, number, number];
  const split = (part: string): Tensor =>
    tf.transpose(
      tf.reshape(linear(x, width, `${name}.${part}`, weight), [rows, tokens, heads, width / heads]),
      [0, 2, 1, 3],
    );
  const scores = tf.mul(tf.matMul(split("q"), split("k"), false, true), (width / heads) ** -0.5);
  const mixed = tf.matMul(tf.softmax(tf.add(scores, mask)), split("v"));
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [rows, tokens, width]);
  return linear(joined, width, `${name}.o`, weight);
}

function gelu(x: Tensor): Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
}

function decoder(ids: Tensor, mask: Tensor, size: ModelSize, weight: Weights): Tensor {
  const { width, depth, heads, vocabulary, tokens, rows } = size;
  const oneHot = tf.cast(tf.oneHot(ids, vocabulary), "float32") as tf.Tensor2D;
  const embedded = tf.matMul(oneHot, weight("wte", [vocabulary, width]) as tf.Tensor2D);
  let x = tf.add(tf.reshape(embedded, [rows, tokens, width]), weight("wpe", [tokens, width]));
  for (let layer = 1; layer <= depth; layer++) {
    const at = `blocks.${layer}`;
    x = tf.add(x, attention(layerNorm(x, `${at}.n1`, weight), mask, heads, `${at}.attn`, weight));
    const hidden = linear(layerNorm(x, `${at}.n2`, weight), 4 * width, `${at}.f1`, weight);
    x = tf.add(x, linear(gelu(hidden), width, `${at}.f2`, weight));
  }
  return linear(layerNorm(x, "final", weight), vocabulary, "head", weight);
}

/**
 * One training step of the plain tfjs model after the other.
 *
 * @param size Its size.
 * @returns The runner.
 */
export function tfjsTrainingRunner(size: ModelSize): Runner {
  const { inputs, targets } = randomBatch(size);
  const { tokens, vocabulary } = size;
  const { all, weight } = weights(new Random(0));
  const optimizer = tf.train.adam(learningRate, 0.9, 0.98, 1e-8);
  const ids = tf.tensor1d(inputs.flatMap((row) => [...row]), "int32");
  const labels = tf.tidy(() =>
    tf.cast(tf.oneHot(tf.tensor1d(targets, "int32"), vocabulary), "float32")
  );
  const mask = tf.tidy(() =>
    tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([tokens, tokens]), -1, 0)), -1e9)
  );
  const loss = (): Scalar => {
    const logits = tf.reshape(decoder(ids, mask, size, weight), [-1, vocabulary]);
    return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1)));
  };
  tf.dispose(tf.tidy(loss)); // makes the variables
  return inProcess<Scalar>({
    run: () => optimizer.minimize(loss, true, [...all.values()])!,
    read: readOne,
    free: (value) => value.dispose(),
    dispose: () => {
      optimizer.dispose();
      tf.dispose([ids, labels, mask, ...all.values()]);
    },
  });
}
