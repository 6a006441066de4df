// Recorded benchmark lines, as notebooks read them.

import { extent } from "../core/extent.ts";
import { parseJson } from "../core/json.ts";
import { platform } from "../platform/mod.ts";
import { readTextFile } from "../platform/text_file.ts";
import { findRoot } from "./runs.ts";

/** A time that was measured: what, by whom, and its median with quartiles. */
export interface MeasuredTime {
  /** The suite: `norms`, `models`, `products`. */
  readonly suite: string;
  /** Where: `wasm`, `webgpu, software`. */
  readonly platform: string;
  /** What the group of contestants computed. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** The task: `forward`, `training`. */
  readonly task: string;
  /** Who computed it. */
  readonly contestant: string;
  /** Milliseconds per run. */
  readonly median: number;
  /** A quarter lies below. */
  readonly low: number;
  /** A quarter lies above. */
  readonly high: number;
  /** Multiples of other contestants' times, taken round by round. */
  readonly ratios: Readonly<
    Record<string, { readonly median: number; readonly low: number; readonly high: number }>
  >;
  /** Billions of operations a second, of products. */
  readonly gflops?: number;
  /** Tokens a second, of models. */
  readonly tokensPerSecond?: number;
}

/** A figure of the plan over all sizes that were measured. */
export interface MeasuredTarget {
  /** The quotient. */
  readonly figure: string;
  /** What it was to be. */
  readonly target: string;
  /** The least median. */
  readonly low: number;
  /** The largest median. */
  readonly high: number;
  /** At how many sizes it was reached. */
  readonly reached: number;
  /** At how many it was measured. */
  readonly sizes: number;
}

interface Line {
  readonly kind: string;
}

/** The lines of one kind in a file; of one measurement the newest. */
async function linesOf<L extends Line>(
  name: string,
  kind: string,
  key: (line: L) => unknown,
): Promise<L[]> {
  const path = `data/runs/bench/${name}.jsonl`;
  let text: string;
  try {
    text = await readTextFile(`${await findRoot()}/${path}`);
  } catch (error) {
    if (platform.faultOf(error) !== "absent") throw error;
    throw new RangeError(`Cannot read the benchmark ${name}: there is no ${path}`);
  }
  const lines = text.trimEnd().split("\n").map((line, index) =>
    parseJson(line, `${path}, line ${index + 1}`) as L
  );
  const ofKind = lines.filter((line) => line.kind === kind);
  return [...new Map(ofKind.map((line) => [JSON.stringify(key(line)), line])).values()];
}

/**
 * The times in `data/runs/bench/NAME.jsonl`.
 *
 * @param name The file's name without its ending, such as `wasm`.
 * @returns The times, in the order of the file.
 * @throws {RangeError} If there is no such file.
 */
export async function recordedTimes(name: string): Promise<MeasuredTime[]> {
  return await linesOf<MeasuredTime & Line>(
    name,
    "time",
    ({ suite, platform, facts, task, contestant }) => [suite, platform, facts, task, contestant],
  );
}

/**
 * The figures of the plan in `data/runs/bench/NAME.jsonl`, each over all sizes.
 *
 * @param name The file's name without its ending, such as `wasm`.
 * @returns The figures.
 * @throws {RangeError} If there is no such file.
 */
export async function recordedTargets(name: string): Promise<MeasuredTarget[]> {
  type TargetLine = Line & {
    readonly figure: string;
    readonly target: string;
    readonly facts: unknown;
    readonly median: number;
    readonly reached: boolean;
  };
  const lines = await linesOf<TargetLine>(name, "target", ({ figure, facts }) => [figure, facts]);
  return [...new Set(lines.map(({ figure }) => figure))].map((figure) => {
    const own = lines.filter((line) => line.figure === figure);
    const [low, high] = extent(own.map(({ median }) => median));
    return {
      figure,
      target: own[0]!.target,
      low,
      high,
      reached: own.filter(({ reached }) => reached).length,
      sizes: own.length,
    };
  });
}
