// How a folder was made: the conversions since the original model, kept in its `config.json` under "normkit", so that each can be
// done again and held against the folder.

import { canonicalJson } from "../core/json.ts";
import type { Config } from "./family.ts";
import { partOf, unknownSetting } from "./settings.ts";

/** One conversion: a command of normkit with its options, from the tensors of a folder to those of the next. */
export interface Step {
  /** What was done. */
  readonly command: "convert" | "fold" | "export";
  /** `convert`: what it was converted to. */
  readonly to?: string;
  /** `convert`: what became of a head that shares the token table. */
  readonly tied?: string;
  /** The family under whose names it was written; its own when absent. */
  readonly as?: string;
  /** The dtype of floating-point tensors that was asked for; as each was when absent. */
  readonly dtype?: string;
  /** The version of normkit that did it. */
  readonly normkit: string;
}

const keys = ["command", "to", "tied", "as", "dtype", "normkit"];
const commands: readonly unknown[] = ["convert", "fold", "export"] satisfies Step["command"][];

function isStep(value: unknown): value is Step {
  if (typeof value !== "object" || value === null) return false;
  const { command, normkit } = value as Partial<Step>;
  return commands.includes(command) && normkit !== undefined &&
    Object.entries(value).every(([key, text]) => keys.includes(key) && typeof text === "string");
}

/**
 * The conversions that a configuration records.
 *
 * @param config A `config.json`.
 * @returns The steps, the first one first; none where nothing is recorded.
 * @throws {RangeError} If what is recorded are no steps.
 */
export function historyOf(config: Config): readonly Step[] {
  const { history = [] } = partOf(config, "normkit");
  if (Array.isArray(history) && history.every(isStep)) return history;
  throw unknownSetting("normkit.history", history, "it must be a list of conversions");
}

/** A configuration that records conversions beside what else normkit has written into it; without a step, nothing of them. */
export function withHistory(config: Config, steps: readonly Step[]): Config {
  const { normkit, ...others } = config;
  const { history: _, ...kept } = partOf(config, "normkit");
  if (steps.length > 0) return { ...config, normkit: { format: 1, ...kept, history: steps } };
  const isLeft = normkit !== undefined && Object.keys(kept).some((key) => key !== "format");
  return isLeft ? { ...config, normkit: kept } : others;
}

/**
 * What was done between two folders.
 *
 * @param before The configuration of the first.
 * @param after That of the second.
 * @returns The steps; undefined where the second does not say that it was made of the first.
 * @throws {RangeError} If what one records are no steps.
 */
export function stepsBetween(before: Config, after: Config): readonly Step[] | undefined {
  const [past, all] = [historyOf(before), historyOf(after)];
  if (all.length === 0) return undefined;
  const isPast = past.every((step, at) => canonicalJson(step) === canonicalJson(all[at] ?? null));
  return isPast ? all.slice(past.length) : undefined;
}

/** A step whose words are known, as it is written on the command line. */
export function stepText(step: Step): string {
  const options = (["to", "tied", "as", "dtype"] as const)
    .flatMap((key) => step[key] === undefined ? [] : [`--${key} ${step[key]}`]);
  return [step.command, ...options].join(" ");
}
