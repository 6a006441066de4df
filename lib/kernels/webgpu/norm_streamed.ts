// Sources of the norms for teams that take a few rows at a time and read them again for every pass: any width, one program for
// all of them. Gain and bias are read once for all rows of a team.

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

/** The names of the u32 uniforms. */
const uniformNames = ["rows", "width", "vectors"];

/** Vectors of a thread that are added before their sum is added to the row's: shorter sums round less. */
const blockLength = 32;

/** How many rows a team of threads reads side by side. */
export const rowsOfTeam = 4;

const rows = Array.from({ length: rowsOfTeam }, (_, at) => at);

/** One statement for each row of the team. */
const each = (statement: (row: number) => string): string =>
  rows.map((row) => `    ${statement(row)}`).join("\n");

/** The rows of the team: which exist, and where they begin. Those that do not are read as the last. */
const findRows = `
    let row = team * ${rowsOfTeam}u;
${each((r) => `let exists${r} = row + ${r}u < uniforms.rows;`)}
${each((r) => `let start${r} = min(row + ${r}u, uniforms.rows - 1u) * vectors();`)}`;

/** Loops over the vectors of the thread in blocks; `add` sums each into `part…`, and the parts become `sums`. */
function sumUp({ lanes }: Team, parts: readonly string[], add: (row: number) => string): string {
  const all = (statement: (name: string) => string): string =>
    parts.map((part) => each((r) => statement(`${part}${r}`))).join("\n");
  return `
${all((name) => `${name} = vec2f();`)}
  for (var block = lane; block < vectors(); block += ${blockLength * lanes}u) {
${all((name) => `var part_of_${name} = vec2f();`)}
    for (var at = block; at < min(block + ${blockLength * lanes}u, vectors()); at += ${lanes}u) {
${each(add)}
    }
${all((name) => `${name} += part_of_${name};`)}
  }
${all((name) => `${name} = total(${name}, thread);`)}`;
}

/**
 * The statistics of the rows: `origin…`, `center…`, `root…`, and `completion…` (r Σx). The mean is that of x − origin, where the
 * origin is a first estimate, replaced by a better one where it is far off: (x − origin) − center loses nothing to a large mean.
 * With an expression of g = gain ⊙ dy, also `along…`: (Σ g, Σ g n), n being the normalized x.
 */
function measure(spec: NormSpec, team: Team, g?: (row: number) => string): string {
  const { kind, width } = spec;
  const centered = isCentered(kind);
  const size = vectorsOf(width).type === "f32" ? 1 : 4;
  const add = (r: number): string => {
    const along = g === undefined ? "" : `let g${r} = ${g(r)};
      part_of_along${r} += vec2f(${centered ? `sum_of(g${r})` : "0"}, sum_of(g${r} * t${r}));`;
    return `let t${r} = kept(value(start${r} + at), at)${centered ? ` - origin${r}` : ""};
      part_of_sums${r} += vec2f(sum_of(t${r}), sum_of(t${r} * t${r}));${along}`;
  };
  const sums = sumUp(team, g === undefined ? ["sums"] : ["sums", "along"], add);
  const names = g === undefined ? ["sums"] : ["sums", "along"];
  const search = `
${each((r) => `var origin${r} = sum_of(value(start${r})) / ${size}.0;`)}
  for (var attempt = 0u; attempt < 3u; attempt++) {${sums}
    var again = false;
${
    each((r) =>
      `let offset${r} = sums${r}.x / width();
    if (attempt < 2u && offset${r} * offset${r} > 0.8 * sums${r}.y / width()) {
      origin${r} += offset${r};
      again = true;
    }`
    )
  }
    if (!again) { break; }
  }
${each((r) => `let center${r} = sums${r}.x / width();`)}`;
  return `
${names.map((name) => each((r) => `var ${name}${r} = vec2f();`)).join("\n")}
${centered ? search : sums}
${each((r) => `let root${r} = ${reciprocalRoot(spec, `sums${r}`)};`)}
${isCompleted(kind) ? each((r) => `let completion${r} = root${r} * sums${r}.x;`) : ""}
${
    g === undefined
      ? ""
      : each((r) =>
        `along${r}.y = root${r} * (along${r}.y${centered ? ` - center${r} * along${r}.x` : ""});`
      )
  }`;
}

/** The normalized vector of a value. */
const normalOf = ({ kind }: NormSpec, value: string, r: number): string =>
  isCentered(kind) ? `((${value} - origin${r}) - center${r}) * root${r}` : `${value} * root${r}`;

/**
 * [x, branch?, gain?, bias?] → [sum?, y]
 *
 * @param spec The norm.
 * @param team Who takes a few rows.
 * @returns WGSL source.
 */
export function streamedNorm(spec: NormSpec, team: Team): string {
  const { gain, bias, added } = spec;
  const { type } = vectorsOf(spec.width);
  const stored = storedType(spec);
  const value = added ? "uniforms.alpha * load(x[at]) + load(branch[at])" : "load(x[at])";
  const factor = `${gain ? " * gains" : ""}${bias ? " + biases" : ""}`;
  const write = (r: number): string =>
    `let v${r} = value(start${r} + at);
    let y${r} = kept(${normalOf(spec, `v${r}`, r)}${factor}, at);
    if (exists${r}) {
      ${added ? `sum[start${r} + at] = store(v${r});` : ""}
      y[start${r} + at] = store(y${r});
    }`;
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
      uniforms: { u32: uniformNames, f32: ["eps", ...(added ? ["alpha"] : [])] },
    })
  }${rowFunctions(spec, "uniform")}${totalFunction(team)}
fn value(at: u32) -> ${type} { return ${value}; }
${mainOfTeam(team)}${findRows}
${measure(spec, team)}
  for (var at = lane; at < vectors(); at += ${team.lanes}u) {
    ${gain ? "let gains = gain[at];" : ""}
    ${bias ? "let biases = bias[at];" : ""}
${each(write)}
  }
}`;
}

/**
 * [dSum?, dy, x, gain?] → [dx, a row of dGain? and of dBias? for each team]
 *
 * @param spec The norm.
 * @param team Who takes a few rows.
 * @returns WGSL source.
 */
export function streamedNormGradient(spec: NormSpec, team: Team): string {
  const { gain, bias, added } = spec;
  const { type } = vectorsOf(spec.width);
  const stored = storedType(spec);
  const dy = (r: number): string => `kept(load(dy[start${r} + at]), at)`;
  const dx = (r: number): string =>
    gradientOf(spec, {
      g: `g${r}`,
      n: `n${r}`,
      root: `root${r}`,
      completion: `completion${r}`,
      sums: `along${r}`,
    });
  const before = (r: number): string => added ? `load(d_sum[start${r} + at]) + ` : "";
  const write = (r: number): string =>
    `let dy${r} = ${dy(r)};
    let n${r} = ${normalOf(spec, `value(start${r} + at)`, r)};
    let g${r} = dy${r}${gain ? " * gains" : ""};
    if (exists${r}) {
      ${gain ? `gain_sum += kept(dy${r} * n${r}, at);` : ""}
      ${bias ? `bias_sum += dy${r};` : ""}
      dx[start${r} + at] = store(${before(r)}kept(${dx(r)}, at));
    }`;
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
      uniforms: { u32: uniformNames, f32: ["eps"] },
    })
  }${rowFunctions(spec, "uniform")}${totalFunction(team)}
fn value(at: u32) -> ${type} { return load(x[at]); }
${mainOfTeam(team)}${findRows}
${measure(spec, team, (r) => `${dy(r)}${gain ? " * gain[at]" : ""}`)}
  for (var at = lane; at < vectors(); at += ${team.lanes}u) {
    ${gain ? "let gains = gain[at];" : ""}
    ${gain ? `var gain_sum = ${type}();` : ""}
    ${bias ? `var bias_sum = ${type}();` : ""}
${each(write)}
    if (exists0) {
      ${gain ? "d_gain[team * vectors() + at] = gain_sum;" : ""}
      ${bias ? "d_bias[team * vectors() + at] = bias_sum;" : ""}
    }
  }
}`;
}
