// The softmax of attention scores under a causal mask, with its gradient. Keys that a query may not see are not read.

import type { Kernels, TensorInfo } from "../contract.ts";
import { vectorsOf } from "./norm_source.ts";
import { exponentialSum, mainOfRows, teamFunction, teamOfRows, vectorTypes } from "./row_source.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";
import type { Strategy, Team } from "./strategy.ts";
import { roundsOf } from "./team_source.ts";
import { declare } from "./wgsl.ts";

/** What both programs begin with: where the row lies, and how many of its keys and vectors the query sees. */
const begin = `
    let start = row * uniforms.vectors;
    let visible = row % uniforms.queries + uniforms.hidden + 1u;
    let seen = (visible + uniforms.numbers - 1u) / uniforms.numbers;`;

/** Which numbers of vector `at` the query sees. */
const isVisible = "places(at) < Places(visible)";

const uniforms = {
  u32: ["rows", "steps", "vectors", "numbers", "queries", "hidden"],
  f32: ["scale"],
};

function softmaxSource(team: Team, keys: number): string {
  const scaled = "uniforms.scale * scores[start + at]";
  const masked = `select(Vector(lowest), ${scaled}, ${isVisible})`;
  return `${team.subgroups?.directive ?? ""}${vectorTypes(keys)}${
    declare({ inputs: { scores: "Vector" }, outputs: { pattern: "Vector" }, uniforms })
  }${teamFunction("highest", team)}${teamFunction("sum", team)}${
    mainOfRows(
      team,
      {
        body: `${begin}
    ${exponentialSum(masked, "seen", team)}
    for (var at = lane; exists && at < uniforms.vectors; at += ${team.lanes}u) {
      if (at < seen) {
        let share = select(exp(${scaled} - highest) / sum, Vector(sum), broken);
        pattern[start + at] = select(Vector(), share, ${isVisible});
      } else {
        pattern[start + at] = Vector();
      }
    }`,
      },
    )
  }`;
}

function gradientSource(team: Team, keys: number): string {
  return `${team.subgroups?.directive ?? ""}${vectorTypes(keys)}${
    declare({
      inputs: { dy: "Vector", pattern: "Vector" },
      outputs: { d_scores: "Vector" },
      uniforms,
    })
  }${teamFunction("sum", team)}${
    mainOfRows(
      team,
      {
        body: `${begin}
    var part = 0.0;
    for (var at = lane; at < seen; at += ${team.lanes}u) {
      let product = dy[start + at] * pattern[start + at];
      part += sum_of(select(Vector(), product, ${isVisible}));
    }
    let along = sum_of_team(part, thread);
    for (var at = lane; exists && at < uniforms.vectors; at += ${team.lanes}u) {
      if (at < seen) {
        let change = uniforms.scale * pattern[start + at] * (dy[start + at] - along);
        d_scores[start + at] = select(Vector(), change, ${isVisible});
      } else {
        d_scores[start + at] = Vector();
      }
    }`,
      },
    )
  }`;
}

/** The causal softmax and its gradient on a device. */
export function causalSoftmaxKernels(
  runner: Runner,
  strategy: Strategy,
): Pick<Kernels<WebGpuBackend>, "NormkitCausalSoftmax" | "NormkitCausalSoftmaxGradient"> {
  const run = (
    name: string,
    source: (team: Team, keys: number) => string,
    inputs: readonly TensorInfo[],
    scale: number,
  ): TensorInfo[] => {
    const [{ shape }] = inputs as [TensorInfo];
    const [batch, queries, keys] = shape as [number, number, number];
    const rows = batch * queries;
    const vectors = vectorsOf(keys).count;
    const team = teamOfRows(strategy, keys);
    const { groups, steps } = roundsOf(team, rows);
    return runner.run({
      key: `${name} ${team.rows} ${team.threads}${keys % 4 === 0 ? "" : " loose"}`,
      wgsl: () => source(team, keys),
      inputs,
      outputs: [{ shape }],
      uniforms: {
        u32: [rows, steps, vectors, keys / vectors, queries, keys - queries],
        f32: [scale],
      },
      groups: [groups, 1, 1],
    });
  };
  return {
    NormkitCausalSoftmax: (inputs, { scale }) =>
      run("NormkitCausalSoftmax", softmaxSource, inputs, scale),
    NormkitCausalSoftmaxGradient: (inputs, { scale }) =>
      run("NormkitCausalSoftmaxGradient", gradientSource, inputs, scale),
  };
}
