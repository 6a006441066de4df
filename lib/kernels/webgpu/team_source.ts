// The source of a team: which row and lane a thread has, and sums over the team.

import type { Team } from "./strategy.ts";

/** Adds over a workgroup in shared memory: its subgroups first where there are any, else by halves. */
function workgroupTotal({ threads, subgroups }: Pick<Team, "threads" | "subgroups">): string {
  if (subgroups !== undefined) {
    const parts = threads / subgroups.size;
    return `
var<workgroup> parts: array<vec2f, ${parts}>;
fn total(value: vec2f, thread: u32) -> vec2f {
  let part = subgroupAdd(value);
  if (thread % ${subgroups.size}u == 0u) { parts[thread / ${subgroups.size}u] = part; }
  workgroupBarrier();
  var sum = vec2f();
  for (var at = 0u; at < ${parts}u; at++) { sum += parts[at]; }
  workgroupBarrier();
  return sum;
}
`;
  }
  return `
var<workgroup> parts: array<vec2f, ${threads}>;
fn total(value: vec2f, thread: u32) -> vec2f {
  parts[thread] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (thread < half) { parts[thread] += parts[thread + half]; }
    workgroupBarrier();
  }
  let sum = parts[0];
  workgroupBarrier();
  return sum;
}
`;
}

/**
 * `total(value, thread)`: the sum of a vec2f over the team, known to every thread of it. It must be called in uniform control
 * flow.
 *
 * @param team The team.
 * @returns WGSL source.
 */
export function totalFunction(team: Pick<Team, "rows" | "threads" | "subgroups">): string {
  if (team.rows === "workgroup") return workgroupTotal(team);
  const sum = team.rows === "subgroup" ? "subgroupAdd(value)" : "value";
  return `\nfn total(value: vec2f, thread: u32) -> vec2f { return ${sum}; }\n`;
}

/**
 * The head of `main`, up to the brace: `thread`, its `lane` in its team, the number of the team and of all `teams`.
 *
 * @param team The team.
 * @returns WGSL source.
 */
export function mainOfTeam({ threads, lanes }: Team): string {
  return `
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = thread % ${lanes}u;
  let team = (id.y * count.x + id.x) * ${threads / lanes}u + thread / ${lanes}u;
  let teams = count.x * count.y * ${threads / lanes}u;
`;
}

/** Workgroups and steps of a run: each team takes every so-manieth row. */
export interface Rounds {
  /** Workgroups. */
  readonly groups: number;
  /** Teams, all workgroups together. */
  readonly teams: number;
  /** Rows that each team takes, the last of which may not exist. */
  readonly steps: number;
}

/** @returns How a team's kind goes through that many rows. */
export function roundsOf({ threads, lanes, most }: Team, rows: number): Rounds {
  const perGroup = threads / lanes;
  const groups = Math.ceil(Math.min(rows, most) / perGroup);
  const teams = groups * perGroup;
  return { groups, teams, steps: Math.ceil(rows / teams) };
}
