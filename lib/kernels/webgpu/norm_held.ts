// Sources of the norms for teams that hold their row in registers: memory is read once. Gain, bias and the sums of their
// gradients stay in registers from row to row.

import {
  gradientOf,
  isCentered,
  isCompleted,
  type NormSpec,
  reciprocalRoot,
  rowFunctions,
  storedType,
  vectorsOf,
} from "./norm_source.ts";
import type { Team } from "./strategy.ts";
import { mainOfTeam, totalFunction } from "./team_source.ts";
import { declare } from "./wgsl.ts";

/** The registers of a thread: number k holds vector `lane + k · lanes` of the row. */
interface Registers {
  readonly type: string;
  /** One statement for each register, left out where the row ends before it. */
  each(statement: (k: number) => string): string;
  /** A sum with one term for each register; those past the end of the row hold 0. */
  sum(term: (k: number) => string): string;
}

function registersOf({ width }: NormSpec, { lanes }: Team): Registers {
  const { type, count } = vectorsOf(width);
  const numbers = Array.from({ length: Math.ceil(count / lanes) }, (_, k) => k);
  const guarded = (k: number, statement: string): string =>
    (k + 1) * lanes <= count ? statement : `if (lane < ${count - k * lanes}u) { ${statement} }`;
  return {
    type,
    each: (statement) => numbers.map((k) => `  ${guarded(k, statement(k))}`).join("\n"),
    sum: (term) => numbers.map(term).join(" + "),
  };
}

/** Declares registers that hold 0. */
const zeros = ({ type, sum }: Registers, ...names: string[]): string =>
  names.map((name) => sum((k) => `var ${name}${k} = ${type}();`).replaceAll(" + ", " ")).join("\n");

/** From `x…` to the normalized `x…`, with `root` and `completion` (r Σx) on the way. */
function normalize(spec: NormSpec, { each, sum }: Registers): string {
  const center = isCentered(spec.kind)
    ? `
  let mean = total(vec2f(sum_of(${sum((k) => `x${k}`)}), 0), thread).x / width();
${each((k) => `x${k} -= mean;`)}`
    : "";
  const rest = isCentered(spec.kind) ? ` - sums.x / width()` : "";
  return `${center}
  let sums = total(vec2f(
    ${isCentered(spec.kind) || isCompleted(spec.kind) ? `sum_of(${sum((k) => `x${k}`)})` : "0"},
    sum_of(${sum((k) => `x${k} * x${k}`)}),
  ), thread);
  let root = ${reciprocalRoot(spec, "sums")};
  let completion = root * sums.x;
${each((k) => `x${k} = (x${k}${rest}) * root;`)}`;
}

/** The start of a step: which row, and where it begins. Rows that do not exist are computed, not written. */
const beginStep = `
  for (var step = 0u; step < uniforms.steps; step++) {
  let row = step * teams + team;
  let exists = row < uniforms.rows;
  let start = min(row, uniforms.rows - 1u) * vectors() + lane;
`;

/**
 * [x, branch?, gain?, bias?] → [sum?, y]
 *
 * @param spec The norm.
 * @param team Who takes a row.
 * @returns WGSL source.
 */
export function heldNorm(spec: NormSpec, team: Team): string {
  const { gain, bias, added } = spec;
  const registers = registersOf(spec, team);
  const { type, each } = registers;
  const stored = storedType(spec);
  const at = (k: number): string => `lane + ${k * team.lanes}u`;
  const from = (k: number): string => `start + ${k * team.lanes}u`;
  const read = (k: number): string =>
    added
      ? `uniforms.alpha * load(x[${from(k)}]) + load(branch[${from(k)}])`
      : `load(x[${from(k)}])`;
  const value = (k: number): string =>
    `x${k}${gain ? ` * gain${k}` : ""}${bias ? ` + bias${k}` : ""}`;
  return `${team.subgroups?.directive ?? ""}
${
    declare({
      inputs: {
        x: stored,
        ...(added ? { branch: stored } : {}),
        ...(gain ? { gain: type } : {}),
        ...(bias ? { bias: type } : {}),
      },
      outputs: { ...(added ? { sum: stored } : {}), y: stored },
      uniforms: { u32: ["rows", "steps"], f32: ["eps", ...(added ? ["alpha"] : [])] },
    })
  }${rowFunctions(spec, "baked")}${totalFunction(team)}${mainOfTeam(team)}
${zeros(registers, "x", ...(gain ? ["gain"] : []), ...(bias ? ["bias"] : []))}
${gain ? each((k) => `gain${k} = gain[${at(k)}];`) : ""}
${bias ? each((k) => `bias${k} = kept(bias[${at(k)}], ${at(k)});`) : ""}
${beginStep}
${each((k) => `x${k} = ${read(k)};`)}
${added ? `  if (exists) {\n${each((k) => `sum[${from(k)}] = store(x${k});`)}\n  }` : ""}
${each((k) => `x${k} = kept(x${k}, ${at(k)});`)}
${normalize(spec, registers)}
  if (exists) {
${each((k) => `y[${from(k)}] = store(${value(k)});`)}
  }
  }
}`;
}

/**
 * [dSum?, dy, x, gain?] → [dx, a row of dGain? and of dBias? for each team]
 *
 * @param spec The norm.
 * @param team Who takes a row.
 * @returns WGSL source.
 */
export function heldNormGradient(spec: NormSpec, team: Team): string {
  const { gain, bias, added } = spec;
  const registers = registersOf(spec, team);
  const { type, each, sum } = registers;
  const stored = storedType(spec);
  const at = (k: number): string => `lane + ${k * team.lanes}u`;
  const from = (k: number): string => `start + ${k * team.lanes}u`;
  const part = (k: number): string => `team * vectors() + lane + ${k * team.lanes}u`;
  const dx = (k: number): string =>
    gradientOf(spec, {
      g: `g${k}`,
      n: `x${k}`,
      root: "root",
      completion: "completion",
      sums: "along",
    });
  const before = (k: number): string => added ? `load(d_sum[${from(k)}]) + ` : "";
  const through = (k: number): string => `kept(${dx(k)}, ${at(k)})`;
  return `${team.subgroups?.directive ?? ""}
${
    declare({
      inputs: {
        ...(added ? { d_sum: stored } : {}),
        dy: stored,
        x: stored,
        ...(gain ? { gain: type } : {}),
      },
      outputs: {
        dx: stored,
        ...(gain ? { d_gain: type } : {}),
        ...(bias ? { d_bias: type } : {}),
      },
      uniforms: { u32: ["rows", "steps"], f32: ["eps"] },
    })
  }${rowFunctions(spec, "baked")}${totalFunction(team)}${mainOfTeam(team)}
${zeros(registers, "x", "g", ...(gain ? ["gain", "d_gain"] : []), ...(bias ? ["d_bias"] : []))}
${gain ? each((k) => `gain${k} = gain[${at(k)}];`) : ""}
${beginStep}
${each((k) => `x${k} = kept(load(x[${from(k)}]), ${at(k)});`)}
${each((k) => `g${k} = select(${type}(), kept(load(dy[${from(k)}]), ${at(k)}), exists);`)}
${normalize(spec, registers)}
${bias ? each((k) => `d_bias${k} += g${k};`) : ""}
${gain ? each((k) => `d_gain${k} += g${k} * x${k}; g${k} *= gain${k};`) : ""}
  let along = total(vec2f(
    ${isCentered(spec.kind) ? `sum_of(${sum((k) => `g${k}`)})` : "0"},
    sum_of(${sum((k) => `g${k} * x${k}`)}),
  ), thread);
  if (exists) {
${each((k) => `dx[${from(k)}] = store(${before(k)}${through(k)});`)}
  }
  }
${gain ? each((k) => `d_gain[${part(k)}] = d_gain${k};`) : ""}
${bias ? each((k) => `d_bias[${part(k)}] = d_bias${k};`) : ""}
}`;
}
