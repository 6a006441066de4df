// The norms, add & norm, and GPAS: forward and with gradients, as multiples of a copy, of the composed form and of other
// libraries. The backward pass alone is the difference of the two, round by round.

import { copyContestant } from "./contestants/copy.ts";
import { jaxModes } from "./contestants/jax.ts";
import { type Operation, operations } from "./contestants/operations.ts";
import {
  jaxOperationRunner,
  normkitRunner,
  onnxRunner,
  type Pass,
  tfLayersRunner,
} from "./contestants/operation_runners.ts";
import { type Group, run, type TimesOf } from "./group.ts";
import { type Session, sizesFor } from "./session.ts";
import type { Contestant, KernelMode } from "./timing/contestant.ts";
import { fusedModes } from "./timing/kernels.ts";
import type { Outcome } from "./timing/measure.ts";

const shapes: readonly [number, number][] = [
  [2048, 768],
  [64, 128],
  [1024, 256],
  [4096, 1024],
  [1024, 4096],
];
const passes: readonly Pass[] = ["forward", "forward + backward"];

function normkit(operation: Operation, shape: [number, number], kernels: KernelMode): Contestant[] {
  return passes.map((task) => ({
    task,
    name: kernels,
    kernels,
    setup: () => normkitRunner(operation, task, shape),
  }));
}

function others(
  { backend, torch }: Session,
  operation: Operation,
  shape: [number, number],
): Contestant[] {
  const [rows, width] = shape;
  const ofPass = (task: Pass): Contestant[] => [
    ...jaxModes(backend).map((mode) => ({
      task,
      name: mode,
      setup: () => jaxOperationRunner(operation, task, shape, { backend, mode }),
    })),
    ...torch.contestants(task, { ...operation.torch, rows, width }),
  ];
  const onnx: Contestant = {
    task: "forward",
    name: "onnxruntime-web",
    setup: () => onnxRunner(operation, shape, backend),
  };
  return [...passes.flatMap(ofPass), onnx];
}

/** `tf.layers` knows the LayerNorm with gain and bias. */
function tfLayers({ name, parameters }: Operation, shape: [number, number]): Contestant[] {
  if (name !== "LayerNorm" || parameters === "none") return [];
  return passes.map((task) => ({
    task,
    name: "tf.layers",
    kernels: "composed",
    setup: () => tfLayersRunner(task, shape),
  }));
}

/** The backward pass alone, of whoever ran both. */
function backward(names: readonly string[], times: TimesOf): Outcome[] {
  return names.flatMap((name) => {
    const [forward, both] = [times("forward", name), times("forward + backward", name)];
    if (forward === undefined || both === undefined) return [];
    const difference = both.map((time, round) => time - forward[round]!);
    return [{ task: "backward", name, times: difference }];
  });
}

function group(session: Session, operation: Operation, shape: [number, number]): Group {
  const [rows, width] = shape;
  const contestants = [
    copyContestant(session.backend, shape),
    ...session.torch.contestants("copy", { what: "copy", rows, width }),
    ...fusedModes(session.backend).flatMap((mode) => normkit(operation, shape, mode)),
    ...others(session, operation, shape),
    ...normkit(operation, shape, "composed"),
    ...tfLayers(operation, shape),
  ];
  const names = [...new Set(contestants.map(({ name }) => name))];
  return {
    facts: { norm: operation.name, parameters: operation.parameters, rows, width },
    contestants,
    baselines: ["copy", "fused", "composed"],
    derive: (times) => backward(names, times),
  };
}

/** Times every operation at every shape. */
export async function runNorms(session: Session): Promise<void> {
  for (const shape of sizesFor(session, shapes)) {
    for (const operation of operations) await run(session, group(session, operation, shape));
  }
}
