// Sources that read rows of any length, which a team goes through together, a vector a thread at a time: the exponential sum
// that a softmax and a cross entropy need.

import type { Team } from "./strategy.ts";
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

/** The WGSL type of a thread's vector, and functions on it: `Vector`, `Whether`, `highest_of`, `sum_of`, `places`. */
export function rowVectors(width: number): string {
  const functions = width % 4 === 0
    ? {
      types: "alias Vector = vec4f; alias Whether = vec4<bool>; alias Places = vec4u;",
      highest: "max(max(v.x, v.y), max(v.z, v.w))",
      sum: "dot(v, vec4f(1))",
      places: "4u * at + vec4u(0, 1, 2, 3)",
    }
    : {
      types: "alias Vector = f32; alias Whether = bool; alias Places = u32;",
      highest: "v",
      sum: "v",
      places: "at",
    };
  return `
${functions.types}
fn highest_of(v: Vector) -> f32 { return ${functions.highest}; }
fn sum_of(v: Vector) -> f32 { return ${functions.sum}; }
fn places(at: u32) -> Places { return ${functions.places}; }
`;
}

/** Vectors of a row of that many numbers. */
export const vectorsIn = (width: number): number => width % 4 === 0 ? width / 4 : width;

/**
 * Σ exp(v − highest) over a row, in one pass: `let row_sum = RowSum(highest, sum)`, known to every thread of the team.
 *
 * @param value A WGSL expression of the vector `at`.
 * @param vectors A WGSL expression of the number of vectors.
 * @param team The team.
 * @returns Statements.
 */
export function exponentialSum(value: string, vectors: string, { lanes }: Team): string {
  return `
  var top = lowest;
  var total = 0.0;
  for (var at = lane; at < ${vectors}; at += ${lanes}u) {
    let v = ${value};
    let higher = max(top, highest_of(v));
    total = total * exp(top - higher) + sum_of(exp(v - higher));
    top = higher;
  }
  let highest = highest_of_team(top, thread);
  let sum = sum_of_team(total * exp(top - highest), thread);`;
}

/** A number below all that are looked at, but finite: its difference from itself is 0. */
export const lowest = "const lowest = -3.4028234e38;\n";

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
