// A group: contestants that compute the same thing, and what is written about them.

import type { Facts } from "./record/lines.ts";
import type { Session } from "./session.ts";
import { judge } from "./targets.ts";
import type { Contestant } from "./timing/contestant.ts";
import { measure, type Outcome } from "./timing/measure.ts";
import { quartiles, ratios } from "./timing/statistics.ts";

/** Contestants that compute the same thing. */
export interface Group {
  /** What it is about. */
  readonly facts: Facts;
  /** Who takes part; those of one kernel mode stand together. */
  readonly contestants: readonly Contestant[];
  /** The names of contestants whose times are a measure of the others', of the same task or of the task `copy`. */
  readonly baselines: readonly string[];
  /** Floating-point operations of a run of a task, for GFLOP/s. */
  readonly flops?: number;
  /** Tokens of a run of a task, for tokens per second. */
  readonly tokens?: number;
  /** Times that follow from measured ones, round by round. */
  derive?(times: TimesOf): readonly Outcome[];
}

/** The times of a contestant's task by round; undefined where it did not run. */
export type TimesOf = (task: string, contestant: string) => readonly number[] | undefined;

function timesOf(outcomes: readonly Outcome[]): TimesOf {
  const found = new Map(
    outcomes.flatMap((outcome) =>
      "times" in outcome ? [[`${outcome.task}/${outcome.name}`, outcome.times] as const] : []
    ),
  );
  return (task, contestant) => found.get(`${task}/${contestant}`);
}

/**
 * Measures a group and writes its lines.
 *
 * @param session Where and how.
 * @param group The group.
 */
export async function run(session: Session, group: Group): Promise<void> {
  const { suite, platform, timing, prepare, write, say } = session;
  const { facts, baselines, flops, tokens } = group;
  const description = Object.entries(facts).map(([name, value]) => `${name} ${value}`).join(", ");
  if (session.only !== undefined && !description.includes(session.only)) return;
  say(description);
  const measured = await measure(group.contestants, timing, prepare);
  const outcomes = [...measured, ...group.derive?.(timesOf(measured)) ?? []];
  const times = timesOf(outcomes);
  for (const outcome of outcomes) {
    const { task, name: contestant } = outcome;
    const about = { suite, platform, facts, task, contestant };
    if ("absent" in outcome) {
      write({ kind: "absent", ...about, why: outcome.absent });
      continue;
    }
    const against = baselines
      .map((name) => [name, times(task, name) ?? times(name, name)] as const)
      .filter(([name, under]) => under !== undefined && name !== contestant)
      .map(([name, under]) => [name, quartiles(ratios(outcome.times, under!))]);
    const summary = quartiles(outcome.times);
    const seconds = summary.median / 1000;
    write({
      kind: "time",
      ...about,
      ...summary,
      unit: "ms",
      rounds: outcome.times.length,
      ...(outcome.repeats === undefined ? {} : { repeats: outcome.repeats }),
      ratios: Object.fromEntries(against),
      ...(flops === undefined ? {} : { gflops: Number((flops / seconds / 1e9).toPrecision(4)) }),
      ...(tokens === undefined ? {} : { tokensPerSecond: Math.round(tokens / seconds) }),
    });
  }
  for (const line of judge({ suite, platform, facts, times, flops })) write(line);
}
