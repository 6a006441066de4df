// The eager forward pass of every golden model against PyTorch's: its loss, and the gradient of every parameter that the loss depends on.

import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { openCheckpoint } from "../../lib/checkpoint/reader.ts";
import { readTensor } from "../../lib/checkpoint/tensors.ts";
import { readAll } from "../../lib/backend/read.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { disposeTree } from "../../lib/core/tree.ts";
import { loadParameters } from "../../lib/families/language_model.ts";
import { eagerInterpreter } from "../../lib/interpret/eager.ts";
import { forward } from "../../lib/model/forward.ts";
import { isCausal, type ModelSpec } from "../../lib/model/spec.ts";
import { onEachBackend } from "../support/backends.ts";
import { assertClose } from "../support/close.ts";
import { eagerInputs } from "../support/eager_inputs.ts";
import { goldenFolder, goldenNames, goldenOf, openGolden } from "../support/golden_models.ts";
import { tolerance } from "../support/tolerances.ts";

/** The loss, and of each gradient its norm, its sum weighted by cosines, and some of its numbers (see make_checkpoints.py). */
async function digestsOf(name: string): Promise<Map<string, Float64Array>> {
  using file = await openCheckpoint(`${goldenFolder(name)}/gradients.safetensors`);
  const digests = new Map<string, Float64Array>();
  for (const key of file.names) digests.set(key, await readTensor(file, key));
  return digests;
}

/** So many numbers of a gradient are kept, unless it has fewer. */
const samples = 8;

/** The same of a gradient that was computed here. */
function digest(gradient: ArrayLike<number>): number[] {
  const flat = Array.from(gradient);
  const some = Array.from({ length: Math.min(samples, flat.length) }, (_, i) => {
    return flat[Math.floor(i * flat.length / samples)]!;
  });
  const weighted = flat.reduce((sum, value, at) => sum + value * Math.cos(at), 0);
  return [Math.hypot(...flat), weighted, ...some];
}

/** The mean cross entropy of rows [T, V] and their answers. */
function crossEntropy(rows: Tensor, answers: readonly number[]): Tensor {
  const right = tf.oneHot(tf.tensor1d([...answers], "int32"), rows.shape[1]!);
  const total = tf.logSumExp(rows, 1);
  return tf.mean(tf.sub(total, tf.sum(tf.mul(rows, right), 1)));
}

/** Whether the tokens of a model see those that follow. */
const isMasked = ({ stacks: { encoder, ...others } }: ModelSpec): boolean =>
  encoder !== undefined && Object.keys(others).length === 0 && !isCausal(encoder);

/** Of a language model the loss of the tokens that follow, in a circle where all are seen; of a classifier that of label 3. */
function lossOf(
  spec: ModelSpec,
  outputs: Readonly<Record<string, Tensor>>,
  tokens: readonly number[],
): Tensor {
  const own = Object.entries(outputs).filter(([name]) => name !== spec.mean?.output);
  const losses = own.map(([name, output]) => {
    const [, length, width] = output.shape as [number, number, number];
    const rows = tf.reshape(output, [length, width]);
    const isSpoken = tokens.length === 0 && length > 1;
    if (name.endsWith("embeds") || isSpoken) return tf.mean(tf.square(rows));
    if (length === 1) return crossEntropy(rows, [3]);
    if (isMasked(spec)) return crossEntropy(rows, [...tokens.slice(1), tokens[0]!]);
    return crossEntropy(tf.slice(rows, [0, 0], [length - 1, width]), tokens.slice(1));
  });
  return tf.addN(losses);
}

/** The loss of a golden model, and the gradients of parameters that are trained. */
async function computed(name: string): Promise<{
  readonly loss: ArrayLike<number>;
  readonly gradients: Readonly<Record<string, ArrayLike<number>>>;
}> {
  using model = await openGolden(name);
  const { inputs } = await goldenOf(name);
  const parameters = await loadParameters(model);
  const [names, values] = [Object.keys(parameters), Object.values(parameters)];
  const { value, grads } = tf.tidy(() => {
    const given = eagerInputs(inputs);
    return tf.valueAndGrads((...list: Tensor[]) => {
      const own = new Map(names.map((key, at) => [key, list[at]!]));
      const engine = eagerInterpreter({ parameter: (key) => own.get(key), inputs: given });
      const { spec } = model;
      return lossOf(spec, forward(engine, spec), inputs.tokens ?? []).asScalar();
    })(values);
  });
  const [loss, ...numbers] = await readAll([value, ...grads]);
  disposeTree([value, ...grads, parameters]);
  const frozen = new Set(model.spec.frozen);
  const all = names.map((key, at) => [key, numbers[at]!] as const);
  return { loss: loss!, gradients: Object.fromEntries(all.filter(([key]) => !frozen.has(key))) };
}

for (const name of goldenNames) {
  onEachBackend(
    `forward() of ${name} in eager mode has PyTorch's loss and gradients`,
    async (backend) => {
      const { loss, ...expected } = Object.fromEntries(await digestsOf(name));
      const { loss: own, gradients } = await computed(name);
      assertClose(own, loss!, tolerance(backend, "value"), "loss");
      const most = Math.max(...Object.values(expected).map(([norm]) => norm!));
      assertEquals(Object.keys(gradients).sort(), Object.keys(expected).sort());
      for (const [key, digested] of Object.entries(expected)) {
        // a softmax does not see a bias on the keys: PyTorch's 1e-18 is 0
        const [norm] = digested as unknown as [number];
        const scale = norm < 1e-12 * most ? most : norm;
        const found = digest(gradients[key]!);
        const apart = digested.map((value, at) => (found[at]! - value) / scale);
        assertClose(apart, apart.map(() => 0), tolerance(backend, "gradient"), key);
      }
    },
  );
}
