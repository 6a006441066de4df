// The mean cross entropy of integer labels, with its gradient.

import type { Kernels } from "../contract.ts";
import { runElementwise } from "./elementwise.ts";
import { vectorsOf } from "./norm_source.ts";
import { exponentialSum, mainOfRows, teamFunction, teamOfRows, vectorTypes } from "./row_source.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";
import type { Strategy, Team } from "./strategy.ts";
import { roundsOf } from "./team_source.ts";
import { totalOf } from "./total.ts";
import { declare, isNan } from "./wgsl.ts";

/** The most teams: their shares of the loss are added by a single one. */
const mostTeams = 1024;

/** [logits, labels] → [log Σ exp of each row, each team's share of the loss] */
function lossSource(team: Team, classes: number): string {
  const [vector, number] = classes % 4 === 0 ? ["label / 4u", "[label % 4u]"] : ["label", ""];
  return `${team.subgroups?.directive ?? ""}${vectorTypes(classes)}${
    declare({
      inputs: { logits: "Vector", labels: "i32" },
      outputs: { logs: "f32", shares: "f32" },
      uniforms: { u32: ["rows", "steps", "vectors"] },
    })
  }${teamFunction("highest", team)}${teamFunction("sum", team)}${
    mainOfRows(team, {
      before: "var share = 0.0;",
      body: `
    let start = row * uniforms.vectors;
    ${exponentialSum("logits[start + at]", "uniforms.vectors", team)}
    let log_sum = select(highest + log(sum), sum, broken);
    let label = u32(labels[row]);
    if (exists && lane == 0u) {
      logs[row] = log_sum;
      share += log_sum - logits[start + ${vector}]${number};
    }`,
      after: "if (lane == 0u) { shares[team] = share; }",
    })
  }`;
}

/** The cross entropy and its gradient on a device. */
export function crossEntropyKernels(
  runner: Runner,
  strategy: Strategy,
): Pick<Kernels<WebGpuBackend>, "NormkitCrossEntropy" | "NormkitCrossEntropyGradient"> {
  return {
    NormkitCrossEntropy: (inputs) => {
      const [rows, classes] = inputs[0]!.shape as [number, number];
      const vectors = vectorsOf(classes).count;
      const wanted = teamOfRows(strategy, classes);
      const team = { ...wanted, most: Math.min(wanted.most, mostTeams) };
      const { groups, teams, steps } = roundsOf(team, rows);
      const [logs, shares] = runner.run({
        key: `NormkitCrossEntropy ${team.rows} ${team.threads}${classes % 4 === 0 ? "" : " loose"}`,
        wgsl: () => lossSource(team, classes),
        inputs,
        outputs: [{ shape: [rows] }, { shape: [teams] }],
        uniforms: { u32: [rows, steps, vectors] },
        groups: [groups, 1, 1],
      });
      return [totalOf(runner, strategy, shares!, { finish: "sum / count", count: rows }), logs!];
    },
    NormkitCrossEntropyGradient: ([dLoss, logits, labels, logs]) => {
      const [rows, classes] = logits!.shape as [number, number];
      return runElementwise(runner, {
        key: "NormkitCrossEntropyGradient",
        inputs: {
          d_loss: [dLoss!, "f32"],
          logits: [logits!, "Vector"],
          labels: [labels!, "i32"],
          logs: [logs!, "f32"],
        },
        outputs: ["d_logits"],
        shape: logits!.shape,
        width: classes,
        f32: { weight: 1 / rows },
        before: "let weight = uniforms.weight * d_loss[0];",
        body: `
  let row = at / uniforms.across;
  let label = places(at % uniforms.across) == Places(u32(labels[row]));
  let right = select(Vector(), Vector(1), label);
  let log_sum = logs[row];
  let change = weight * (exp(logits[at] - log_sum) - right);
  d_logits[at] = select(change, Vector(log_sum), ${isNan("log_sum")});`,
      });
    },
  };
}
