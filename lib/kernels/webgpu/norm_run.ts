// Runs the programs of the norms: the team for a width, the outputs, and the second step of the sums over rows.

import type { NormAttributes, TensorInfo } from "../contract.ts";
import { heldNorm, heldNormGradient } from "./norm_held.ts";
import { type NormSpec, type Storage, vectorsOf } from "./norm_source.ts";
import {
  rowsOfThread,
  streamedNorm,
  streamedNormGradient,
  streamedVectorGradients,
} from "./norm_streamed.ts";
import { addPartialSums } from "./partial_sums.ts";
import type { OutputSpec, Runner } from "./runner.ts";
import type { Strategy, Team } from "./strategy.ts";
import { type Rounds, roundsOf } from "./team_source.ts";

/** Runs norms of tensors that are stored in one way. */
export interface Norms {
  /** [x, gain?, bias?] → [y], or with alpha [x, branch, gain?, bias?] → [sum, y] */
  forward(
    name: string,
    inputs: readonly TensorInfo[],
    attributes: NormAttributes,
    alpha?: number,
  ): TensorInfo[];
  /** [dy, x, gain?] → [dx, dGain?, dBias?], or where `added` [dSum, dy, sum, gain?] → [dTotal, dGain?, dBias?] */
  backward(
    name: string,
    inputs: readonly TensorInfo[],
    attributes: NormAttributes,
    added: boolean,
  ): TensorInfo[];
}

/** A norm on tensors of one shape. */
interface Problem {
  readonly spec: NormSpec;
  readonly team: Team;
  /** Vectors of a row. */
  readonly vectors: number;
  readonly rows: number;
  /** How the teams go through the rows. */
  readonly rounds: Rounds;
  /** The u32 uniforms. */
  readonly u32: readonly number[];
  /** A tensor like x. */
  readonly like: OutputSpec;
  /** Names the program. */
  key(name: string): string;
}

function problemOf(
  { shape, dtype }: TensorInfo,
  { kind, gain, bias }: NormAttributes,
  { added, storage }: Pick<NormSpec, "added" | "storage">,
  strategy: Strategy,
): Problem {
  const width = shape.at(-1)! * (storage === "half" ? 2 : 1);
  const { type, count } = vectorsOf(width);
  const team = strategy.team(count);
  const isThread = team.rows === "thread";
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  const rounds = isThread
    ? { groups: Math.ceil(rows / (team.threads * rowsOfThread)), teams: 0, steps: 0 }
    : roundsOf(team, rows);
  const parameters = [gain ? "gain" : "", bias ? "bias" : ""].join(" ");
  return {
    spec: { kind, width, gain, bias, added, storage },
    team,
    vectors: count,
    rows,
    rounds,
    u32: isThread ? [rows, 0, width, count] : [rows, rounds.steps],
    like: { shape, dtype },
    key: (name) => `${name} ${kind} ${isThread ? type : width} ${parameters} ${team.rows}`,
  };
}

/** The vectors whose gradients are asked for. */
const vectorsAsked = ({ gain, bias }: NormSpec): boolean[] => [gain, bias].filter(Boolean);

/**
 * Opens the norms on a device.
 *
 * @param runner The runner.
 * @param strategy How rows are shared.
 * @param storage How the tensors are stored.
 * @returns What runs them.
 */
export function openNorms(runner: Runner, strategy: Strategy, storage: Storage): Norms {
  /** dGain? and dBias? from the statistics of the rows. */
  const vectorGradients = (
    { spec, vectors, rows, key }: Problem,
    name: string,
    inputs: readonly TensorInfo[],
    eps: number,
  ): TensorInfo[] => {
    const threads = 8;
    const steps = Math.ceil(rows / Math.min(rows, 32));
    const blocks = Math.ceil(rows / steps);
    return runner.run({
      key: key(`${name} vectors`),
      wgsl: () => streamedVectorGradients(spec, threads),
      inputs,
      outputs: vectorsAsked(spec).map(() => ({ shape: [blocks, spec.width] })),
      uniforms: { u32: [rows, steps, spec.width, vectors], f32: [eps] },
      groups: [Math.ceil(vectors / threads), blocks, 1],
    });
  };

  return {
    forward: (name, inputs, attributes, alpha) => {
      const added = alpha !== undefined;
      const problem = problemOf(inputs[0]!, attributes, { added, storage }, strategy);
      const { spec, team, rounds, u32, like, key } = problem;
      return runner.run({
        key: key(name),
        wgsl: () => (team.rows === "thread" ? streamedNorm : heldNorm)(spec, team),
        inputs,
        outputs: added ? [like, like] : [like],
        uniforms: { u32, f32: added ? [attributes.eps, alpha] : [attributes.eps] },
        groups: rounds.groups,
      });
    },

    backward: (name, inputs, attributes, added) => {
      const [dy, x] = inputs.slice(added ? 1 : 0) as [TensorInfo, TensorInfo];
      const problem = problemOf(x, attributes, { added, storage }, strategy);
      const { spec, team, rows, rounds, u32, like, key } = problem;
      const asked = vectorsAsked(spec);
      const isThread = team.rows === "thread";
      const [dx, ...rest] = runner.run({
        key: key(name),
        wgsl: () => (isThread ? streamedNormGradient : heldNormGradient)(spec, team),
        inputs,
        outputs: [
          like,
          ...(isThread
            ? asked.slice(0, 1).map(() => ({ shape: [rows, 4] }))
            : asked.map(() => ({ shape: [rounds.teams, spec.width] }))),
        ],
        uniforms: { u32, f32: [attributes.eps] },
        groups: rounds.groups,
      });
      if (asked.length === 0) return [dx!];
      if (!isThread) return [dx!, ...addPartialSums(runner, rest)];
      const parts = vectorGradients(problem, name, [dy, x, ...rest], attributes.eps);
      runner.free(...rest);
      return [dx!, ...addPartialSums(runner, parts)];
    },
  };
}
