// The programs of attention: a thread holds one query (or, for the gradients to keys and values, one key) in registers and goes over what it
// sees. Neighbouring threads are neighbouring queries of one head, so that they read the same key at the same time.

import { declare, groupIndex, isNan } from "./wgsl.ts";

/** Threads in a workgroup. */
export const attentionThreads = 64;

/** What the programs' sources depend on. */
export interface AttentionShape {
  /** K, numbers in a head. */
  readonly width: number;
  /** Whether it is known how many keys of each sequence count. */
  readonly counted: boolean;
}

/** The uniforms of all three programs, whole numbers first. */
export const attentionUniforms = {
  u32: ["total", "queries", "keys", "heads", "groups", "back", "ahead"],
  f32: ["scale"],
};

/** The vectors of four that a head takes; the last one is filled up with zeros. */
function vectors({ width }: AttentionShape): number[] {
  return Array.from({ length: Math.ceil(width / 4) }, (_, n) => n);
}

/** The type of the elements of tensors [..., K]. */
function element({ width }: AttentionShape): "vec4f" | "f32" {
  return width % 4 === 0 ? "vec4f" : "f32";
}

/** A line for each vector of a head. */
function each(shape: AttentionShape, line: (n: number) => string): string {
  return vectors(shape).map(line).join("\n    ");
}

/** A WGSL expression of vector n of the head whose first vector (or number) has that place in a tensor. */
function load(shape: AttentionShape, tensor: string, row: string, n: number): string {
  const { width } = shape;
  if (width % 4 === 0) return `${tensor}[${row} * ${width / 4}u + ${n}u]`;
  const lanes = [0, 1, 2, 3].map((lane) =>
    4 * n + lane < width ? `${tensor}[${row} * ${width}u + ${4 * n + lane}u]` : "0.0"
  );
  return `vec4f(${lanes.join(", ")})`;
}

/** WGSL statements that write vector n of a head. */
function store(
  shape: AttentionShape,
  tensor: string,
  row: string,
  n: number,
  value: string,
): string {
  const { width } = shape;
  if (width % 4 === 0) return `${tensor}[${row} * ${width / 4}u + ${n}u] = ${value};`;
  return `{ let last = ${value};` +
    [0, 1, 2, 3].filter((lane) => 4 * n + lane < width).map((lane) =>
      ` ${tensor}[${row} * ${width}u + ${4 * n + lane}u] = last[${lane}];`
    ).join("") + " }";
}

/** A WGSL expression of Σ a_n · b[row]_n. */
function dot(shape: AttentionShape, a: string, tensor: string, row: string): string {
  return vectors(shape).map((n) => `dot(${a}${n}, ${load(shape, tensor, row, n)})`).join(" + ");
}

/** Tensors that hold other things than heads. */
const statistics: Readonly<Record<string, string>> = { log_sum_exp: "f32", statistics: "vec2f" };

/** What each program begins with; `at` is the thread's number. */
function mainOf(
  shape: AttentionShape,
  inputs: readonly string[],
  outputs: Readonly<Record<string, string>>,
  body: string,
): string {
  const types = inputs.map((name) => [name, statistics[name] ?? element(shape)]);
  return `${
    declare({
      inputs: { ...Object.fromEntries(types), ...(shape.counted ? { counts: "i32" } : {}) },
      outputs,
      uniforms: attentionUniforms,
    })
  }${groupIndex}
fn counted(sequence: u32) -> i32 {
  return ${shape.counted ? "min(counts[sequence], i32(uniforms.keys))" : "i32(uniforms.keys)"};
}
fn key_row(sequence: u32, j: i32, group: u32) -> u32 {
  return (sequence * uniforms.keys + u32(j)) * uniforms.groups + group;
}
fn query_row(sequence: u32, i: i32, head: u32) -> u32 {
  return (sequence * uniforms.queries + u32(i)) * uniforms.heads + head;
}
@compute @workgroup_size(${attentionThreads})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = group_index(id, count) * ${attentionThreads}u + lane;
  if (at >= uniforms.total) { return; }
  ${body}
}`;
}

/** The thread's query, and the keys that it sees. */
const oneQuery = `
  let i = i32(at % uniforms.queries);
  let head = at / uniforms.queries % uniforms.heads;
  let sequence = at / uniforms.queries / uniforms.heads;
  let group = head * uniforms.groups / uniforms.heads;
  let row = query_row(sequence, i, head);
  let first = max(0, i - i32(uniforms.back));
  let end = min(counted(sequence), i + i32(uniforms.ahead) + 1);`;

/**
 * y and log Σ exp. The highest score so far is subtracted; when a higher one comes, the sums are made smaller.
 *
 * @param shape What the source depends on.
 * @returns WGSL of a program on q, k, v and counts; a thread a query.
 */
export function attentionSource(shape: AttentionShape): string {
  const outputs = { y: element(shape), log_sum_exp: "f32" };
  return mainOf(
    shape,
    ["q", "k", "v"],
    outputs,
    `${oneQuery}
    ${each(shape, (n) => `let q${n} = uniforms.scale * ${load(shape, "q", "row", n)};`)}
    ${each(shape, (n) => `var y${n} = vec4f();`)}
    var highest = -3.4028234e38;
    var sum = 0.0;
    var broken = false;
    var nan = 0.0;
    for (var j = first; j < end; j++) {
      let key = key_row(sequence, j, group);
      let score = ${dot(shape, "q", "k", "key")};
      // of a score that is NaN or ∞ nothing is computed: compilers may lose it
      if (${isNan("score")} || bitcast<u32>(score) == 0x7f800000u) {
        broken = true;
        nan = bitcast<f32>(bitcast<u32>(score) | 0x400000u);
        continue;
      }
      if (score > highest) {
        let less = exp(highest - score);
        sum *= less;
        ${each(shape, (n) => `y${n} *= less;`)}
        highest = score;
      }
      let share = exp(score - highest);
      sum += share;
      ${each(shape, (n) => `y${n} += share * ${load(shape, "v", "key", n)};`)}
    }
    let factor = select(select(0.0, 1.0 / sum, sum > 0.0), nan, broken);
    ${each(shape, (n) => store(shape, "y", "row", n, `factor * y${n}`))}
    log_sum_exp[row] = select(select(0.0, highest + log(sum), sum > 0.0), nan, broken);`,
  );
}

/**
 * For each query log Σ exp and Σ dy ⊙ y, side by side: what the other two programs need of it.
 *
 * @param shape What the source depends on.
 * @returns WGSL of a program on dy, y and logSumExp; a thread a row of y.
 */
export function statisticsSource(shape: AttentionShape): string {
  const own = { ...shape, counted: false };
  return mainOf(
    own,
    ["dy", "y", "log_sum_exp"],
    { statistics: "vec2f" },
    `
    ${each(shape, (n) => `let dy${n} = ${load(shape, "dy", "at", n)};`)}
    statistics[at] = vec2f(log_sum_exp[at], ${dot(shape, "dy", "y", "at")});`,
  );
}

/** The share p of a key in a query's mix, and the slope of the score behind it; compilers may lose NaN in `exp`. */
const shareAndSlope = (score: string, change: string): string => `
      let below = ${score} - known.x;
      let share = select(exp(below), below, ${isNan("below")});
      let slope = uniforms.scale * share * (${change} - known.y);`;

/**
 * The gradient to the queries.
 *
 * @param shape What the source depends on.
 * @returns WGSL of a program on dy, q, k, v, statistics and counts; a thread a query.
 */
export function queryGradientSource(shape: AttentionShape): string {
  return mainOf(
    shape,
    ["dy", "q", "k", "v", "statistics"],
    { dq: element(shape) },
    `${oneQuery}
    let known = statistics[row];
    ${each(shape, (n) => `let q${n} = uniforms.scale * ${load(shape, "q", "row", n)};`)}
    ${each(shape, (n) => `let dy${n} = ${load(shape, "dy", "row", n)};`)}
    ${each(shape, (n) => `var dq${n} = vec4f();`)}
    for (var j = first; j < end; j++) {
      let key = key_row(sequence, j, group);
      ${shareAndSlope(dot(shape, "q", "k", "key"), dot(shape, "dy", "v", "key"))}
      ${each(shape, (n) => `dq${n} += slope * ${load(shape, "k", "key", n)};`)}
    }
    ${each(shape, (n) => store(shape, "dq", "row", n, `dq${n}`))}`,
  );
}

/**
 * The gradients to keys and values, over the queries of all heads that share them.
 *
 * @param shape What the source depends on.
 * @returns WGSL of a program on dy, q, k, v, statistics and counts; a thread a key.
 */
export function keyGradientSource(shape: AttentionShape): string {
  const outputs = { dk: element(shape), dv: element(shape) };
  return mainOf(
    shape,
    ["dy", "q", "k", "v", "statistics"],
    outputs,
    `
    let j = i32(at % uniforms.keys);
    let group = at / uniforms.keys % uniforms.groups;
    let sequence = at / uniforms.keys / uniforms.groups;
    let key = key_row(sequence, j, group);
    let per_group = uniforms.heads / uniforms.groups;
    let first = max(0, j - i32(uniforms.ahead));
    let end = select(0, min(i32(uniforms.queries), j + i32(uniforms.back) + 1), j < counted(sequence));
    ${each(shape, (n) => `let k${n} = uniforms.scale * ${load(shape, "k", "key", n)};`)}
    ${each(shape, (n) => `let v${n} = ${load(shape, "v", "key", n)};`)}
    ${each(shape, (n) => `var dk${n} = vec4f();`)}
    ${each(shape, (n) => `var dv${n} = vec4f();`)}
    for (var head = group * per_group; head < (group + 1u) * per_group; head++) {
      for (var i = first; i < end; i++) {
        let row = query_row(sequence, i, head);
        let known = statistics[row];
        ${shareAndSlope(dot(shape, "k", "q", "row"), dot(shape, "v", "dy", "row"))}
        ${each(shape, (n) => `dk${n} += slope * ${load(shape, "q", "row", n)};`)}
        ${each(shape, (n) => `dv${n} += share * ${load(shape, "dy", "row", n)};`)}
      }
    }
    ${each(shape, (n) => store(shape, "dk", "key", n, `dk${n}`))}
    ${each(shape, (n) => store(shape, "dv", "key", n, `dv${n}`))}`,
  );
}
