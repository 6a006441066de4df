// Sources that read rows of any length, which a team goes through together, a vector a thread at a time, once for every pass.
//
// WGSL does not promise that NaN comes through arithmetic, and some compilers drop it. Where a row's numbers are exponentials, NaN
// and ∞ are found by their bits, and the row is NaN for certain.

import { vectorsOf } from "./norm_source.ts";
import type { Strategy, Team } from "./strategy.ts";
import { mainOfTeam } from "./team_source.ts";

/** How two numbers become one, in WGSL. */
const operations = {
  highest: { subgroup: "subgroupMax", both: (a: string, b: string) => `max(${a}, ${b})` },
  sum: { subgroup: "subgroupAdd", both: (a: string, b: string) => `${a} + ${b}` },
} as const;

/**
 * `highest_of_team(value, thread)` or `sum_of_team(value, thread)`: a number of every thread made one, known to every thread of
 * the team. It must be called in uniform control flow.
 *
 * @param operation Which.
 * @param team The team.
 * @returns WGSL source.
 */
export function teamFunction(operation: keyof typeof operations, team: Team): string {
  const { rows, threads } = team;
  const { subgroup, both } = operations[operation];
  const head = `fn ${operation}_of_team(value: f32, thread: u32) -> f32 {`;
  if (rows === "thread") return `\n${head} return value; }\n`;
  if (rows === "subgroup") return `\n${head} return ${subgroup}(value); }\n`;
  const shared = `${operation}_parts`;
  return `
var<workgroup> ${shared}: array<f32, ${threads}>;
${head}
  ${shared}[thread] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (thread < half) { ${shared}[thread] = ${
    both(`${shared}[thread]`, `${shared}[thread + half]`)
  }; }
    workgroupBarrier();
  }
  let all = ${shared}[0];
  workgroupBarrier();
  return all;
}
`;
}

/**
 * What a thread reads of a row at once: `Vector`, `highest_of(v)` and `sum_of(v)`, and `places(at)`, where the numbers of vector
 * `at` are in their row.
 *
 * @param width Numbers of a row; multiples of four go in fours.
 * @returns WGSL source.
 */
export function vectorTypes(width: number): string {
  const { types, highest, sum, places } = width % 4 === 0
    ? {
      types: "alias Vector = vec4f;\nalias Places = vec4u;",
      highest: "max(max(v.x, v.y), max(v.z, v.w))",
      sum: "dot(v, vec4f(1))",
      places: "4u * at + vec4u(0, 1, 2, 3)",
    }
    : {
      types: "alias Vector = f32;\nalias Places = u32;",
      highest: "v",
      sum: "v",
      places: "at",
    };
  return `
${types}
fn highest_of(v: Vector) -> f32 { return ${highest}; }
fn without_nan(v: Vector) -> Vector {
  let bits = bitcast<Places>(v);
  return select(v, bitcast<Vector>(bits & Places(0x7f800000u)), (bits & Places(0x7fffffffu)) > Places(0x7f800000u));
}
fn sum_of(v: Vector) -> f32 { return ${sum}; }
fn places(at: u32) -> Places { return ${places}; }
`;
}

/** The longest row, in vectors, for which every strategy of a GPU has a team; longer rows are the same team's. */
const longRow = 2048;

/**
 * The team for rows that are read again for every pass. On a GPU it is that of the norms. On a CPU a thread a row is the
 * fastest, which the norms' strategy says of the shortest rows only: there it is their team for rows of any length.
 *
 * @param strategy The strategy of the device.
 * @param width Numbers of a row.
 * @returns The team.
 */
export function teamOfRows(strategy: Strategy, width: number): Team {
  return strategy.team(strategy.software ? 1 : Math.min(vectorsOf(width).count, longRow));
}

/**
 * `highest`, the largest value of a row, and `sum`, Σ exp(value − highest), in one pass; every thread of the team knows them.
 * `lowest`, a number below all values but finite, stands for those that are not to count. A value that is NaN counts as ∞; where
 * the highest is ∞, `broken` is true, and `sum` is NaN.
 *
 * @param value A WGSL expression of the vector `at`.
 * @param vectors A WGSL expression of the number of vectors.
 * @param team The team.
 * @returns Statements.
 */
export function exponentialSum(value: string, vectors: string, { lanes }: Team): string {
  return `
  const lowest = -3.4028234e38;
  var top = lowest;
  var total = 0.0;
  for (var at = lane; at < ${vectors}; at += ${lanes}u) {
    let v = without_nan(${value});
    let higher = max(top, highest_of(v));
    total = total * exp(top - higher) + sum_of(exp(v - higher));
    top = higher;
  }
  let highest = highest_of_team(top, thread);
  let broken = bitcast<u32>(highest) == 0x7f800000u;
  let nan = bitcast<f32>(bitcast<u32>(highest) | 0x400000u);
  let sum = select(sum_of_team(total * exp(top - highest), thread), nan, broken);`;
}

/** What a program on rows does; `team`, `lane` and `thread` are known everywhere, `row` in the body. */
export interface RowProgram {
  /** Before the first row. */
  readonly before?: string;
  /** For each row of the team; `exists` tells those past the last, which are read as the last but not to be written. */
  readonly body: string;
  /** After the last row. */
  readonly after?: string;
}

/** `main` of a program on rows. */
export function mainOfRows(team: Team, { before = "", body, after = "" }: RowProgram): string {
  return `${mainOfTeam(team)}
  ${before}
  for (var step = 0u; step < uniforms.steps; step++) {
    let exists = step * teams + team < uniforms.rows;
    let row = min(step * teams + team, uniforms.rows - 1u);
    ${body}
  }
  ${after}
}`;
}
