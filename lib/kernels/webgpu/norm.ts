// The norms, alone and after a residual addition, with their gradients.

import type { Kernels, NormAttributes, TensorInfo } from "../contract.ts";
import { heldNorm, heldNormGradient } from "./norm_held.ts";
import { keyOf, type NormSpec, vectorsOf } from "./norm_source.ts";
import {
  rowsOfThread,
  streamedNorm,
  streamedNormGradient,
  streamedVectorGradients,
} from "./norm_streamed.ts";
import { addPartialSums } from "./partial_sums.ts";
import type { Runner, WebGpuBackend } from "./runner.ts";
import type { Strategy, Team } from "./strategy.ts";
import { type Rounds, roundsOf } from "./team_source.ts";

/** A norm on tensors of one shape. */
interface Problem {
  readonly spec: NormSpec;
  readonly team: Team;
  readonly rows: number;
  /** How the teams go through the rows. */
  readonly rounds: Rounds;
  /** Names the program. */
  key(name: string): string;
}

function problemOf(
  { shape }: TensorInfo,
  { kind, gain, bias }: NormAttributes,
  added: boolean,
  strategy: Strategy,
): Problem {
  const width = shape.at(-1)!;
  const spec = { kind, width, gain, bias, added };
  const team = strategy.team(vectorsOf(width).count);
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  const rounds = team.rows === "thread"
    ? { groups: Math.ceil(rows / (team.threads * rowsOfThread)), teams: 0, steps: 0 }
    : roundsOf(team, rows);
  return { spec, team, rows, rounds, key: (name) => `${keyOf(name, spec)} ${team.rows}` };
}

/** The norm kernels on a device. */
export function normKernels(
  runner: Runner,
  strategy: Strategy,
): Pick<
  Kernels<WebGpuBackend>,
  "NormkitNorm" | "NormkitNormGradient" | "NormkitAddNorm" | "NormkitAddNormGradient"
> {
  const forward = (
    name: string,
    inputs: readonly TensorInfo[],
    attributes: NormAttributes,
    alpha?: number,
  ): TensorInfo[] => {
    const [{ shape }] = inputs as [TensorInfo];
    const added = alpha !== undefined;
    const { spec, team, rows, rounds, key } = problemOf(inputs[0]!, attributes, added, strategy);
    return runner.run({
      key: key(name),
      wgsl: () => (team.rows === "thread" ? streamedNorm : heldNorm)(spec, team),
      inputs,
      outputs: added ? [{ shape }, { shape }] : [{ shape }],
      uniforms: {
        u32: [rows, rounds.steps],
        f32: added ? [attributes.eps, alpha] : [attributes.eps],
      },
      groups: rounds.groups,
    });
  };

  /** dGain? and dBias? from the statistics of the rows. */
  const vectorGradients = (
    { spec, rows, key }: Problem,
    name: string,
    inputs: readonly TensorInfo[],
    eps: number,
  ): TensorInfo[] => {
    const threads = 8;
    const steps = Math.ceil(rows / Math.min(rows, 32));
    const blocks = Math.ceil(rows / steps);
    return addPartialSums(
      runner,
      runner.run({
        key: key(`${name} vectors`),
        wgsl: () => streamedVectorGradients(spec, threads),
        inputs,
        outputs: [spec.gain, spec.bias].filter(Boolean).map(() => ({
          shape: [blocks, spec.width],
        })),
        uniforms: { u32: [rows, steps], f32: [eps] },
        groups: [Math.ceil(vectorsOf(spec.width).count / threads), blocks, 1],
      }),
    );
  };

  const backward = (
    name: string,
    inputs: readonly TensorInfo[],
    { eps, ...attributes }: NormAttributes,
    added: boolean,
  ): TensorInfo[] => {
    const [dy, x] = inputs.slice(added ? 1 : 0) as [TensorInfo, TensorInfo];
    const problem = problemOf(x, { eps, ...attributes }, added, strategy);
    const { spec, team, rows, rounds, key } = problem;
    const vectors = [spec.gain, spec.bias].filter(Boolean);
    const isThread = team.rows === "thread";
    const [dx, ...rest] = runner.run({
      key: key(name),
      wgsl: () => (isThread ? streamedNormGradient : heldNormGradient)(spec, team),
      inputs,
      outputs: [
        { shape: x.shape },
        ...(!isThread
          ? vectors.map(() => ({ shape: [rounds.teams, spec.width] }))
          : vectors.slice(0, 1).map(() => ({ shape: [rows, 4] }))),
      ],
      uniforms: { u32: [rows, rounds.steps], f32: [eps] },
      groups: rounds.groups,
    });
    if (vectors.length === 0) return [dx!];
    if (!isThread) return [dx!, ...addPartialSums(runner, rest)];
    const sums = vectorGradients(problem, name, [dy, x, ...rest], eps);
    runner.free(...rest);
    return [dx!, ...sums];
  };

  return {
    NormkitNorm: (inputs, attributes) => forward("NormkitNorm", inputs, attributes),
    NormkitNormGradient: (inputs, attributes) =>
      backward("NormkitNormGradient", inputs, attributes, false),
    NormkitAddNorm: (inputs, { alpha, ...attributes }) =>
      forward("NormkitAddNorm", inputs, attributes, alpha),
    NormkitAddNormGradient: (inputs, attributes) =>
      backward("NormkitAddNormGradient", inputs, attributes, true),
  };
}
