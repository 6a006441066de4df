// Sources of the norms for single threads, each with a few rows, that read their rows again for every pass: no barrier, no
// subgroup, any width. Gain and bias are read once for all rows of a thread.

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
import { declare, groupIndex } from "./wgsl.ts";

/** Vectors that are added before their sum is added to the row's: shorter sums round less. */
const blockLength = 32;

/** The names of the u32 uniforms. */
const uniformNames = ["rows", "steps", "width", "vectors"];

/** Rows of a thread. */
export const rowsOfThread = 4;

const rows = Array.from({ length: rowsOfThread }, (_, at) => at);

/** One statement for each row of the thread. */
const each = (statement: (row: number) => string): string =>
  rows.map((row) => `    ${statement(row)}`).join("\n");

/**
 * `measure(start)`: the statistics of a row. The mean is that of x − origin, where the origin is a first estimate, replaced by
 * a better one where it is far off: (x − origin) − center loses nothing to a large mean.
 */
function measureFunction(spec: NormSpec): string {
  const { kind } = spec;
  const { type } = vectorsOf(spec.width);
  const sums = `
    sums = vec2f();
    for (var block = 0u; block < vectors(); block += ${blockLength}u) {
      var part = vec2f();
      for (var at = block; at < min(block + ${blockLength}u, vectors()); at++) {
        let t = kept(value(start + at), at)${isCentered(kind) ? " - origin" : ""};
        part += vec2f(sum_of(t), sum_of(t * t));
      }
      sums += part;
    }`;
  const search = `
  var origin = sum_of(value(start)) / ${type === "f32" ? 1 : 4}.0;
  for (var attempt = 0u; attempt < 3u; attempt++) {${sums}
    let offset = sums.x / width();
    if (offset * offset <= 0.8 * sums.y / width()) { break; }
    origin += offset;
  }`;
  return `
struct Row { origin: f32, center: f32, root: f32, completion: f32 }
fn measure(start: u32) -> Row {
  var sums = vec2f();${isCentered(kind) ? search : `\n  let origin = 0.0;${sums}`}
  let root = ${reciprocalRoot(spec, "sums")};
  return Row(
    origin,
    ${isCentered(kind) ? `sums.x / width()` : "0"},
    root,
    ${isCompleted(kind) ? "root * sums.x" : "0"},
  );
}
fn normal(v: ${type}, row: Row) -> ${type} {
  return ${isCentered(kind) ? "((v - row.origin) - row.center)" : "v"} * row.root;
}
`;
}

const mainOfThread = ({ threads }: Team): string => `
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
    let row = (group_index(id, count) * ${threads}u + thread) * ${rowsOfThread}u;
${each((r) => `let exists${r} = row + ${r}u < uniforms.rows;`)}
${each((r) => `let start${r} = min(row + ${r}u, uniforms.rows - 1u) * vectors();`)}
`;

/**
 * [x, branch?, gain?, bias?] → [sum?, y]
 *
 * @param spec The norm.
 * @param team Single threads.
 * @returns WGSL source.
 */
export function streamedNorm(spec: NormSpec, team: Team): string {
  const { gain, bias, added } = spec;
  const { type } = vectorsOf(spec.width);
  const stored = storedType(spec);
  const factor = `${gain ? " * gain[at]" : ""}${bias ? " + bias[at]" : ""}`;
  const write = (r: number): string =>
    `let v${r} = value(start${r} + at);
    let y${r} = kept(normal(v${r}, row${r})${factor}, at);
    if (exists${r}) { ${
      added ? `sum[start${r} + at] = store(v${r}); ` : ""
    }y[start${r} + at] = store(y${r}); }`;
  return `${
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
  }${groupIndex}${rowFunctions(spec, "uniform")}
fn value(at: u32) -> ${type} { return ${
    added ? "uniforms.alpha * load(x[at]) + load(branch[at])" : "load(x[at])"
  }; }
${measureFunction(spec)}${mainOfThread(team)}
${each((r) => `let row${r} = measure(start${r});`)}
  for (var at = 0u; at < vectors(); at++) {
${each(write)}
  }
}`;
}

/**
 * [dSum?, dy, x, gain?] → [dx, statistics of the rows, where a gradient to gain or bias is asked for]
 *
 * @param spec The norm.
 * @param team Single threads.
 * @returns WGSL source.
 */
export function streamedNormGradient(spec: NormSpec, team: Team): string {
  const { kind, gain, bias, added } = spec;
  const { type } = vectorsOf(spec.width);
  const stored = storedType(spec);
  const scaled = (r: number): string =>
    `kept(load(dy[start${r} + at]), at)${gain ? " * gain[at]" : ""}`;
  const add = (r: number): string =>
    `let g${r} = ${scaled(r)};
    let n${r} = kept(normal(value(start${r} + at), row${r}), at);
    along${r} += vec2f(${isCentered(kind) ? `sum_of(g${r})` : "0"}, sum_of(g${r} * n${r}));`;
  const dx = (r: number): string =>
    gradientOf(spec, {
      g: `g${r}`,
      n: `n${r}`,
      root: `row${r}.root`,
      completion: `row${r}.completion`,
      sums: `along${r}`,
    });
  const before = (r: number): string => added ? `load(d_sum[start${r} + at]) + ` : "";
  const write = (r: number): string =>
    `let g${r} = ${scaled(r)};
    let n${r} = normal(value(start${r} + at), row${r});
    if (exists${r}) { dx[start${r} + at] = store(${before(r)}kept(${dx(r)}, at)); }`;
  return `${
    declare({
      inputs: {
        ...(added ? { d_sum: stored } : {}),
        dy: stored,
        x: stored,
        ...(gain ? { gain: type } : {}),
      },
      outputs: { dx: stored, ...(gain || bias ? { statistics: "Row" } : {}) },
      uniforms: { u32: uniformNames, f32: ["eps"] },
    })
  }${groupIndex}${rowFunctions(spec, "uniform")}
fn value(at: u32) -> ${type} { return load(x[at]); }
${measureFunction(spec)}${mainOfThread(team)}
${each((r) => `let row${r} = measure(start${r}); var along${r} = vec2f();`)}
  for (var at = 0u; at < vectors(); at++) {
${each(add)}
  }
  for (var at = 0u; at < vectors(); at++) {
${each(write)}
  }
${gain || bias ? each((r) => `if (exists${r}) { statistics[row + ${r}u] = row${r}; }`) : ""}
}`;
}

/**
 * [dy, x, statistics] → [a row of dGain? and of dBias? for each block of rows]
 *
 * @param spec The norm.
 * @param threads Threads of a workgroup; each takes a column of vectors and a block of rows.
 * @returns WGSL source.
 */
export function streamedVectorGradients(spec: NormSpec, threads: number): string {
  const { gain, bias } = spec;
  const { type } = vectorsOf(spec.width);
  const stored = storedType(spec);
  return `${
    declare({
      inputs: { dy: stored, x: stored, statistics: "Row" },
      outputs: {
        ...(gain ? { d_gain: type } : {}),
        ...(bias ? { d_bias: type } : {}),
      },
      uniforms: { u32: uniformNames, f32: ["eps"] },
    })
  }${rowFunctions(spec, "uniform")}
fn value(at: u32) -> ${type} { return load(x[at]); }
${measureFunction(spec)}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let at = id.x * ${threads}u + thread;
  if (at >= vectors()) { return; }
  var gain_sum = ${type}();
  var bias_sum = ${type}();
  let end = min((id.y + 1u) * uniforms.steps, uniforms.rows);
  for (var row = id.y * uniforms.steps; row < end; row++) {
    let g = kept(load(dy[row * vectors() + at]), at);
    bias_sum += g;
    ${gain ? `gain_sum += g * normal(value(row * vectors() + at), statistics[row]);` : ""}
  }
  ${gain ? `d_gain[id.y * vectors() + at] = gain_sum;` : ""}
  ${bias ? `d_bias[id.y * vectors() + at] = bias_sum;` : ""}
}`;
}
