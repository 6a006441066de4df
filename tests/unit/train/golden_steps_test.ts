// Three clipped AdamW steps of two tiny decoders against PyTorch: losses, gradient norms and the parameters at the end.

import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { disposeTree, mapTree, tensorsOf } from "../../../lib/core/mod.ts";
import { takeNumbers, valueAndGradient } from "../../../lib/backend/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import {
  decoder,
  type DecoderConfig,
  type DecoderParameters,
  initDecoder,
} from "../../../lib/decoder/mod.ts";
import { crossEntropy } from "../../../lib/ops/mod.ts";
import { clipByNorm, globalNorm, makeOptimizer } from "../../../lib/train/mod.ts";
import golden from "../../golden/decoder.json" with { type: "json" };
import { inBothForms } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";
import { numbersByPath } from "./tiny_run.ts";

type Model = (typeof golden.models)[number];
type Flat = Readonly<Record<string, { shape: number[]; values: number[] }>>;

function configOf({ config }: Model): DecoderConfig {
  const { biases, ...rest } = config;
  return { ...rest, bias: biases, embeddingScale: 1 } as DecoderConfig;
}

/** The golden parameters as a tree; their names must be the model's. */
function parametersOf(model: Model): DecoderParameters {
  const given = model.parameters as Flat;
  const shape = initDecoder(configOf(model), 0);
  assertEquals(tensorsOf(shape).map(({ path }) => path).sort(), Object.keys(given).sort());
  const parameters = mapTree<DecoderParameters, Tensor>(
    shape,
    (_, path) => tf.tensor(given[path]!.values, given[path]!.shape),
  );
  disposeTree(shape);
  return parameters;
}

/**
 * The key bias shifts every score of a query alike, so that its gradient is exactly 0 and PyTorch's float64 leaves it at 1e-18.
 * In float32 it is a rounding error near 1e-9, which AdamW divides by its own size; no two float32 programs agree on it, and
 * nothing depends on it.
 */
const isGauge = (path: string): boolean => path.endsWith("attention.bk");

for (const model of golden.models) {
  inBothForms(`three AdamW steps of the ${model.name} decoder are PyTorch's`, async (backend) => {
    const { learningRate, beta1, beta2, eps, weightDecay, clip, steps } = model.training.settings;
    const adamW = makeOptimizer(
      { kind: "adamw", betas: [beta1, beta2], eps, weightDecay },
      () => true,
    );
    const targets = Int32Array.from(model.targets.flat());
    const lossOf = (p: DecoderParameters): Tensor =>
      crossEntropy(decoder(p, configOf(model), model.tokens), targets);
    let parameters = parametersOf(model);
    let state = adamW.init(parameters);
    const losses: Tensor[] = [];
    const norms: Tensor[] = [];
    for (let step = 0; step < steps; step++) {
      const { value, gradient } = valueAndGradient(parameters, lossOf);
      losses.push(value);
      norms.push(globalNorm(gradient));
      const clipped = clipByNorm(gradient, clip);
      const next = adamW.update(parameters, clipped, state, learningRate);
      disposeTree([parameters, state.moments, gradient, clipped]);
      ({ parameters, state } = next);
    }
    losses.push(tf.tidy(() => lossOf(parameters)));
    const limit = tolerance(backend, "value");
    assertClose(await takeNumbers(losses), model.training.losses, limit, "losses");
    assertClose(await takeNumbers(norms), model.training.gradientNorms, limit, "gradient norms");
    const final = await numbersByPath(parameters);
    for (const [path, expected] of Object.entries(model.training.final)) {
      if (!isGauge(path)) assertClose(final[path]!, expected, limit, path);
    }
    disposeTree([parameters, state.moments]);
  });
}
