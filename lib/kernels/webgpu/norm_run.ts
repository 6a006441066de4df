// Runs the programs of the norms: the team for a width, the outputs, and the second step of the sums over rows.

import type { NormAttributes, TensorInfo } from "../contract.ts";
import { heldNorm, heldNormGradient } from "./norm_held.ts";
import { type NormSpec, type Storage, vectorsOf } from "./norm_source.ts";
import { rowsOfTeam, streamedNorm, streamedNormGradient } from "./norm_streamed.ts";
import { addPartialSums } from "./partial_sums.ts";
import type { OutputSpec, Runner } from "./runner_types.ts";
import type { Strategy, Team } from "./strategy.ts";
import { roundsOf } from "./team_source.ts";

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
  /** How many teams there are, and workgroups. */
  readonly teams: number;
  readonly groups: number;
  /** The u32 uniforms. */
  readonly u32: readonly number[];
  /** A tensor like x. */
  readonly like: OutputSpec;
  /** Names the program. */
  key(name: string): string;
}

/** Teams that hold a row go through all rows in rounds; the others take a few rows each, once. */
function share(
  team: Team,
  rows: number,
  width: number,
): Pick<Problem, "teams" | "groups" | "u32"> {
  if (team.holds) {
    const { teams, groups, steps } = roundsOf(team, rows);
    return { teams, groups, u32: [rows, steps] };
  }
  const teams = Math.ceil(rows / rowsOfTeam);
  const groups = Math.ceil(teams * team.lanes / team.threads);
  return { teams, groups, u32: [rows, width, vectorsOf(width).count] };
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
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  const parameters = [gain ? "gain" : "", bias ? "bias" : ""].join(" ");
  return {
    spec: { kind, width, gain, bias, added, storage },
    team,
    ...share(team, rows, width),
    like: { shape, dtype },
    key: (name) => `${name} ${kind} ${team.holds ? width : type} ${parameters} ${team.rows}`,
  };
}

/**
 * Opens the norms on a device.
 *
 * @param runner The runner.
 * @param strategy How rows are shared.
 * @param storage How the tensors are stored.
 * @returns What runs them.
 */
export function openNorms(runner: Runner, strategy: Strategy, storage: Storage): Norms {
  return {
    forward: (name, inputs, attributes, alpha) => {
      const added = alpha !== undefined;
      const problem = problemOf(inputs[0]!, attributes, { added, storage }, strategy);
      const { spec, team, groups, u32, like, key } = problem;
      return runner.run({
        key: key(name),
        wgsl: () => (team.holds ? heldNorm : streamedNorm)(spec, team),
        inputs,
        outputs: added ? [like, like] : [like],
        uniforms: { u32, f32: added ? [attributes.eps, alpha] : [attributes.eps] },
        groups,
      });
    },

    backward: (name, inputs, attributes, added) => {
      const x = inputs[added ? 2 : 1]!;
      const problem = problemOf(x, attributes, { added, storage }, strategy);
      const { spec, team, teams, groups, u32, like, key } = problem;
      const asked = [spec.gain, spec.bias].filter(Boolean);
      const [dx, ...parts] = runner.run({
        key: key(name),
        wgsl: () => (team.holds ? heldNormGradient : streamedNormGradient)(spec, team),
        inputs,
        outputs: [like, ...asked.map(() => ({ shape: [teams, spec.width] }))],
        uniforms: { u32, f32: [attributes.eps] },
        groups,
      });
      return asked.length === 0 ? [dx!] : [dx!, ...addPartialSums(runner, parts)];
    },
  };
}
