// Whole models: a training step and an inference step of Pre-LN, Pre-RMSNorm, Pre-CRMSNorm and a twin without norms, fused and
// composed, against tfjs as it is, jax-js and PyTorch.

import { forwardFlops, type ModelSize, modelSize } from "./contestants/batch.ts";
import { boundName, multiplyAdds } from "./contestants/bounds.ts";
import { jaxModes } from "./contestants/jax.ts";
import { jaxInferenceRunner, jaxTrainingRunner } from "./contestants/jax_model.ts";
import {
  inferenceRunner,
  type ModelName,
  models,
  trainingRunner,
} from "./contestants/normkit_model.ts";
import { tfjsTrainingRunner } from "./contestants/tfjs_model.ts";
import { type Group, run } from "./group.ts";
import { type Session, sizesFor } from "./session.ts";
import type { Contestant, KernelMode } from "./timing/contestant.ts";
import { fusedModes } from "./timing/kernels.ts";

/** What is timed. */
export type Task = "training" | "inference";

const sizes: readonly ModelSize[] = [
  modelSize({ width: 128, depth: 4 }),
  modelSize({ width: 128, depth: 12 }),
  modelSize({ width: 256, depth: 4 }),
  modelSize({ width: 256, depth: 8, rows: 8 }),
  modelSize({ width: 512, depth: 4 }),
];

/** The models of normkit in one kernel mode. */
export function normkitModels(
  task: Task,
  size: ModelSize,
  kernels: KernelMode,
  names: readonly ModelName[],
): Contestant[] {
  const runner = task === "training" ? trainingRunner : inferenceRunner;
  return names.map((name) => ({
    task,
    name: `${name}, ${kernels}`,
    kernels,
    setup: () => runner(name, size),
  }));
}

/** The Pre-LN model in the other libraries. */
export function otherModels(
  { backend, torch }: Session,
  task: Task,
  size: ModelSize,
): Contestant[] {
  const jax = task === "training" ? jaxTrainingRunner : jaxInferenceRunner;
  return [
    ...jaxModes(backend).map((mode) => ({
      task,
      name: `Pre-LN, ${mode}`,
      setup: () => jax(size, backend, mode),
    })),
    ...torch.contestants(task, { what: "model", size }, "Pre-LN, "),
  ];
}

/** tfjs's slow paths make larger models a matter of minutes. */
function plainTfjs(task: Task, size: ModelSize): Contestant[] {
  if (task !== "training" || size.width > 128 || size.depth > 4) return [];
  const setup = () => tfjsTrainingRunner(size);
  return [{ task, name: "Pre-LN, tfjs as it is", kernels: "composed", setup }];
}

function group(session: Session, task: Task, size: ModelSize): Group {
  const names = Object.keys(models) as ModelName[];
  const isWasm = session.backend === "wasm";
  const flops = (task === "training" ? 3 : 1) * forwardFlops(size);
  return {
    facts: { ...size },
    tokens: size.rows * size.tokens,
    baselines: [
      ...["Pre-LN, fused", "no norm, fused", "Pre-LN, composed"],
      ...(isWasm ? [boundName] : []),
    ],
    contestants: [
      ...(isWasm ? [multiplyAdds(task, flops)] : []),
      ...fusedModes(session.backend).flatMap((mode) =>
        normkitModels(task, size, mode, mode === "fused" ? names : ["Pre-LN"])
      ),
      ...otherModels(session, task, size),
      ...plainTfjs(task, size),
      ...normkitModels(task, size, "composed", names),
    ],
  };
}

/** Times whole models of several sizes. */
export async function runModels(session: Session): Promise<void> {
  for (const size of sizesFor(session, sizes)) {
    await run(session, group(session, "training", size));
    await run(session, group(session, "inference", size));
  }
}
