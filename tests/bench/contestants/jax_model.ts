// The same decoder in jax-js: one jitted function for the whole step (value, gradient and Adam), one for the logits.

import { type Array as JaxArray, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { type BackendName, Random } from "@normkit/normkit";
import type { Runner } from "../timing/contestant.ts";
import { learningRate, type ModelSize, randomBatch } from "./batch.ts";
import { type JaxMode, jaxRunner, useJaxDevice } from "./jax.ts";

/** Parameters by name; jax-js differentiates and jits records of arrays. */
type Weights = Record<string, JaxArray>;

function initWeights({ width, depth, vocabulary, tokens }: ModelSize): Weights {
  const random = new Random(0);
  const normal = (name: string, rows: number, columns: number): JaxArray =>
    np.array(Float32Array.from(random.fork(name).normals(rows * columns, 0.02)))
      .reshape([rows, columns]);
  const linear = (name: string, from: number, to: number): Weights => ({
    [`${name}.w`]: normal(name, from, to),
    [`${name}.b`]: np.zeros([to]),
  });
  const norm = (name: string): Weights => ({
    [`${name}.gain`]: np.ones([width]),
    [`${name}.bias`]: np.zeros([width]),
  });
  const block = (at: string): Weights => ({
    ...norm(`${at}.n1`),
    ...linear(`${at}.q`, width, width),
    ...linear(`${at}.k`, width, width),
    ...linear(`${at}.v`, width, width),
    ...linear(`${at}.o`, width, width),
    ...norm(`${at}.n2`),
    ...linear(`${at}.f1`, width, 4 * width),
    ...linear(`${at}.f2`, 4 * width, width),
  });
  const blocks = Array.from({ length: depth }, (_, index) => block(`blocks.${index + 1}`));
  return Object.assign(
    { wte: normal("wte", vocabulary, width), wpe: normal("wpe", tokens, width) },
    ...blocks,
    norm("final"),
    { head: normal("head", width, vocabulary) },
  );
}

/** The logits [B · T, V]; every parameter is used once, hence no `.ref` on them. */
function decoder(p: Weights, oneHot: JaxArray, size: ModelSize): JaxArray {
  const { width, depth, heads, tokens, rows } = size;
  const linear = (x: JaxArray, at: string): JaxArray =>
    np.matmul(x, p[`${at}.w`]!).add(p[`${at}.b`]!);
  const norm = (x: JaxArray, at: string): JaxArray =>
    nn.standardize(x, -1, { epsilon: 1e-5 }).mul(p[`${at}.gain`]!).add(p[`${at}.bias`]!);
  const attention = (x: JaxArray, at: string): JaxArray => {
    const part = (name: string): JaxArray =>
      linear(x.ref, `${at}.${name}`).reshape([rows, tokens, heads, width / heads]);
    const mixed = nn.dotProductAttention(part("q"), part("k"), part("v"), { isCausal: true });
    x.dispose();
    return linear(mixed.reshape([rows * tokens, width]), `${at}.o`);
  };
  let x = np.matmul(oneHot, p["wte"]!).reshape([rows, tokens, width]).add(p["wpe"]!)
    .reshape([rows * tokens, width]);
  for (let layer = 1; layer <= depth; layer++) {
    const at = `blocks.${layer}`;
    x = x.ref.add(attention(norm(x, `${at}.n1`), at));
    const hidden = linear(norm(x.ref, `${at}.n2`), `${at}.f1`);
    x = x.add(linear(nn.gelu(hidden, { approximate: false }), `${at}.f2`));
  }
  return np.matmul(norm(x, "final"), p["head"]!);
}

function oneHotOf(ids: ArrayLike<number>, classes: number): JaxArray {
  return nn.oneHot(np.array(Int32Array.from(ids), { dtype: np.int32 }), classes);
}

const [beta1, beta2, eps] = [0.9, 0.98, 1e-8];

/** Adam on one parameter; `corrections` is [1 − β₁ᵗ, 1 − β₂ᵗ]. */
function adam(
  p: JaxArray,
  g: JaxArray,
  m: JaxArray,
  v: JaxArray,
  corrections: JaxArray,
): JaxArray[] {
  const first = m.mul(beta1).add(g.ref.mul(1 - beta1));
  const second = v.mul(beta2).add(g.ref.mul(g).mul(1 - beta2));
  const root = np.sqrt(second.ref.div(corrections.ref.slice(1))).add(eps);
  const direction = first.ref.div(corrections.slice(0)).div(root);
  return [p.sub(direction.mul(learningRate)), first, second];
}

/** Training steps of the model in jax-js; parameters and moments lead from one to the next. */
export async function jaxTrainingRunner(
  size: ModelSize,
  backend: BackendName,
  mode: JaxMode,
): Promise<Runner> {
  await useJaxDevice(backend);
  const { inputs, targets } = randomBatch(size);
  let p = initWeights(size);
  const names = Object.keys(p);
  const record = (value: (name: string, index: number) => JaxArray): Weights =>
    Object.fromEntries(names.map((name, index) => [name, value(name, index)]));
  const lossOf = (p: Weights, oneHot: JaxArray, labels: JaxArray): JaxArray =>
    np.mean(np.sum(nn.logSoftmax(decoder(p, oneHot, size)).mul(labels), -1)).neg();
  const step = jit(
    (p: Weights, m: Weights, v: Weights, oneHot: JaxArray, labels: JaxArray, c: JaxArray) => {
      const [loss, g] = valueAndGrad(lossOf)(tree.ref(p), oneHot, labels) as [JaxArray, Weights];
      const next = names.map((name) => adam(p[name]!, g[name]!, m[name]!, v[name]!, c.ref));
      c.dispose();
      const [values, firsts, seconds] = [0, 1, 2].map((at) => record((_, i) => next[i]![at]!));
      return [loss, values!, firsts!, seconds!] as [JaxArray, Weights, Weights, Weights];
    },
  );
  let m = record((name) => np.zeros(p[name]!.shape));
  let v = record((name) => np.zeros(p[name]!.shape));
  const oneHot = oneHotOf(inputs.flatMap((row) => [...row]), size.vocabulary);
  const labels = oneHotOf(targets, size.vocabulary);
  let t = 0;
  return jaxRunner({
    mode,
    model: true,
    first: np.zeros([]),
    step: (previous) => {
      previous.dispose();
      t++;
      const corrections = np.array(Float32Array.of(1 - beta1 ** t, 1 - beta2 ** t));
      const [loss, ...next] = step(p, m, v, oneHot.ref, labels.ref, corrections);
      [p, m, v] = next;
      return [loss];
    },
    dispose: () => {
      tree.dispose([p, m, v, oneHot, labels]);
      step.dispose();
    },
  });
}

/** The logits of the model in jax-js. */
export async function jaxInferenceRunner(
  size: ModelSize,
  backend: BackendName,
  mode: JaxMode,
): Promise<Runner> {
  await useJaxDevice(backend);
  const p = initWeights(size);
  const oneHot = oneHotOf(randomBatch(size).inputs.flatMap((row) => [...row]), size.vocabulary);
  const logits = jit((previous: JaxArray, p: Weights, oneHot: JaxArray) => {
    previous.dispose();
    return decoder(p, oneHot, size);
  });
  return jaxRunner({
    mode,
    model: true,
    first: np.zeros([size.rows * size.tokens, size.vocabulary]),
    step: (previous) => [logits(previous, tree.ref(p), oneHot.ref)],
    dispose: () => {
      tree.dispose([p, oneHot]);
      logits.dispose();
    },
  });
}
