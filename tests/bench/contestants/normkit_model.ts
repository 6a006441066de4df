// normkit's decoder: a training step and an inference step, with any norm or none.

import {
  crossEntropy,
  decoder,
  type DecoderConfig,
  disposeTree,
  initDecoder,
  type NormKind,
  type Residual,
  type Scalar,
  type Tensor,
  valueAndGradient,
} from "@normkit/normkit";
import { makeOptimizer } from "@normkit/normkit/train";
import { inProcess, type Runner } from "../timing/contestant.ts";
import { learningRate, type ModelSize, randomBatch } from "./batch.ts";
import { readOne } from "./tfjs.ts";

/** Pre-LN without its norms: the twin that shows what they cost. */
const noNorm: Residual = {
  id: "no-norm",
  label: "No norm",
  source: "None: a twin for timing",
  equation: String.raw`x_{l+1} = x_l + f_l(x_l)`,
  ends: [],
  init: { base: "normal" },
  wiring: () => ({ norms: [], gate: "sum", update: ({ add }, x, f) => add(x, f(x)) }),
};

/** The models that are compared. */
export const models = {
  "Pre-LN": { residual: "pre-ln", norm: "layer" },
  "Pre-RMSNorm": { residual: "pre-ln", norm: "rms" },
  "Pre-CRMSNorm": { residual: "pre-ln", norm: "crms" },
  "no norm": { residual: noNorm, norm: "layer" },
} satisfies Record<string, { residual: string | Residual; norm: NormKind }>;

/** The name of a model. */
export type ModelName = keyof typeof models;

function configOf(name: ModelName, size: ModelSize): DecoderConfig {
  const { width, depth, heads, vocabulary, tokens } = size;
  return { ...models[name], init: "normal", width, depth, heads, vocabulary, context: tokens };
}

/**
 * One training step after the other: loss, gradient, AdamW.
 *
 * @param name The model.
 * @param size Its size.
 * @returns The runner.
 */
export function trainingRunner(name: ModelName, size: ModelSize): Runner {
  const config = configOf(name, size);
  const { inputs, targets } = randomBatch(size);
  const optimizer = makeOptimizer({ kind: "adamw", weightDecay: 0.01 });
  let parameters = initDecoder(config, 0);
  let state = optimizer.init(parameters);
  return inProcess<Scalar>({
    run: () => {
      const { value, gradient } = valueAndGradient(
        parameters,
        (p) => crossEntropy(decoder(p, config, inputs), targets),
      );
      const next = optimizer.update(parameters, gradient, state, learningRate);
      disposeTree([gradient, parameters, state.moments]);
      ({ parameters, state } = next);
      return value;
    },
    read: readOne,
    free: (loss) => loss.dispose(),
    dispose: () => disposeTree([parameters, state.moments]),
  });
}

/**
 * The logits of a batch.
 *
 * @param name The model.
 * @param size Its size.
 * @returns The runner.
 */
export function inferenceRunner(name: ModelName, size: ModelSize): Runner {
  const config = configOf(name, size);
  const { inputs } = randomBatch(size);
  const parameters = initDecoder(config, 0);
  return inProcess<Tensor>({
    run: () => decoder(parameters, config, inputs),
    read: readOne,
    free: (logits) => logits.dispose(),
    dispose: () => disposeTree(parameters),
  });
}
