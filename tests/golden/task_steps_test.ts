// One training step of models that are no decoders, on batches with padding, against transformers: the loss, and the gradient of every
// parameter. make_task_steps.py.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../lib/backend/read.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { disposeTree } from "../../lib/core/tree.ts";
import { loadParameters } from "../../lib/families/language_model.ts";
import type { Model } from "../../lib/families/model.ts";
import type { EagerInputs } from "../../lib/interpret/eager.ts";
import { crossEntropy } from "../../lib/ops/cross_entropy.ts";
import { runBatch } from "../../lib/transformer/run.ts";
import { onEachBackend } from "../support/backends.ts";
import { assertClose } from "../support/close.ts";
import { goldenHeadNames, openGoldenHead } from "../support/golden_heads.ts";
import { openGolden } from "../support/golden_models.ts";
import { tolerance } from "../support/tolerances.ts";
import { ramp, tokens } from "../support/transformer_cases.ts";
import golden from "./task_steps.json" with { type: "json" };

/** A batch of two: rows of tokens with padding behind them, or the shape of images and sounds. */
interface Batch {
  readonly tokens?: number[][];
  readonly source?: number[][];
  readonly lengths?: number[];
  readonly pixels?: number[];
  readonly features?: number[];
  /** −100 where nothing is asked. */
  readonly labels: number[] | number[][];
}

/** A step as transformers makes it. */
interface Step {
  readonly batch: Batch;
  readonly loss: number;
  /** Of each gradient its norm and its sum weighted by cosines. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

function inputsOf({ tokens: rows, source, pixels, features }: Batch): EagerInputs {
  return {
    ...(rows === undefined ? {} : { tokens: tokens(...rows) }),
    ...(source === undefined ? {} : { source: tokens(...source) }),
    ...(pixels === undefined ? {} : { pixels: ramp(...pixels) }),
    ...(features === undefined ? {} : { features: ramp(...features) }),
  };
}

/** The loss, and what is kept of each gradient. */
async function stepOf({ spec, tensors }: Model, batch: Batch): Promise<Omit<Step, "batch">> {
  const parameters = await loadParameters({ spec, tensors });
  const [names, given] = [Object.keys(parameters), Object.values(parameters)];
  const labels = Int32Array.from(batch.labels.flat());
  const options = batch.lengths === undefined ? {} : { keyLengths: batch.lengths };
  const { value, grads } = tf.tidy(() => {
    const inputs = inputsOf(batch);
    return tf.valueAndGrads((...values: Tensor[]) => {
      const own = Object.fromEntries(names.map((name, at) => [name, values[at]!]));
      const { logits } = runBatch(own, { spec }, inputs, options);
      return crossEntropy(logits!, labels, { ignore: -100 });
    })(given);
  });
  const [loss, ...gradients] = await readAll([value, ...grads]);
  disposeTree([value, ...grads, parameters]);
  const kept = names.map((name, at) => {
    const gradient = Array.from(gradients[at]!);
    const weighted = gradient.reduce((sum, one, i) => sum + one * Math.cos(i), 0);
    return [name, [Math.hypot(...gradient), weighted]] as const;
  }).filter(([name]) => spec.frozen?.includes(name) !== true);
  return { loss: loss![0]!, gradients: Object.fromEntries(kept) };
}

for (const [name, { batch, ...expected }] of Object.entries(golden.steps) as [string, Step][]) {
  onEachBackend(`a training step of ${name} has transformers' loss and gradients`, async (on) => {
    using opened = goldenHeadNames.includes(name)
      ? await openGoldenHead(name)
      : await openGolden(name).then((model) => ({ model, [Symbol.dispose]: () => model.close() }));
    const { loss, gradients } = await stepOf(opened.model, batch);
    assertClose([loss], [expected.loss], 1e-5, "loss");
    const most = Math.max(...Object.values(expected.gradients).map(([norm]) => norm!));
    for (const [key, found] of Object.entries(gradients)) {
      const wanted = expected.gradients[key] ?? [0, 0];
      // a softmax does not see a bias on the keys: PyTorch's 1e-18 is 0
      const scale = wanted[0]! < 1e-12 * most ? most : wanted[0]!;
      const apart = found.map((value, at) => (value - wanted[at]!) / scale);
      assertClose(apart, [0, 0], tolerance(on, "gradient"), key);
    }
    const unknown = Object.keys(expected.gradients).filter((key) => !(key in gradients));
    assertEquals(unknown, []);
  });
}
