// What a view of runs draws: every run or some, as many points as are seen, and what is no number.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { liveRuns, lossDrawer } from "../../../lib/notebook/live_runs.ts";
import { jupyterDisplay } from "../../../lib/plots/figure.ts";
import type { Row } from "../../../lib/train/mod.ts";
import { inFolder } from "../checkpoint/files.ts";
import { growingRun } from "../cli/growing_run.ts";

const draw = await lossDrawer();

const stepRows = (count: number, loss: (step: number) => number): Row[] =>
  Array.from({ length: count }, (_, at) => ({ kind: "step", step: at + 1, loss: loss(at + 1) }));

const runOf = (name: string, rows: readonly Row[], isDone = false) => {
  const length = { steps: 5000, perStep: { count: 1, unit: "tokens" } };
  return { name, rows, isDone, length: isDone ? undefined : length };
};

/** A chart in words, and its SVG. */
function shown(runs: readonly ReturnType<typeof runOf>[]): { words: string; svg: string } {
  const bundle = draw(runs)[jupyterDisplay]();
  return { words: bundle["text/plain"]!, svg: bundle["image/svg+xml"]! };
}

Deno.test("a view of a long run draws as many points as are seen, and the last", () => {
  const { words, svg } = shown([runOf("pre-ln", stepRows(4321, (step) => 5 - step / 1000))]);
  assertMatch(words, /^pre-ln: step 4321 of 5000\n.* at step 4321$/);
  const long = shown([runOf("pre-ln", stepRows(400, () => 2))]).svg.length;
  assert(svg.length < 1.5 * long, `${svg.length} characters for 4321 steps, ${long} for 400`);
});

Deno.test("a view of many runs draws those under way, then others, and says how many", () => {
  const runs = "abcdefgh".split("").map((name) => runOf(name, stepRows(2, () => 1), name < "g"));
  const { words } = shown([...runs, runOf("i", stepRows(3, () => NaN))]);
  assertMatch(words, /^9 runs, 3 under way; 6 of them here\n/);
  assertEquals([...words.matchAll(/^(\w):/gm)].map(([, name]) => name), [..."ghabcd"]);
});

Deno.test("a view of a run with losses that are none draws the others", () => {
  const rows = stepRows(4, (step) => step === 3 ? NaN : step);
  assertMatch(shown([runOf("post-ln", rows, true)]).words, /^post-ln: step 4, done\n/);
});

Deno.test("liveRuns() outside of a kernel waits for the runs, or for its signal", () =>
  inFolder(async (folder) => {
    const { row, write } = await growingRun(folder);
    await write(row(1, 3));
    const stop = new AbortController();
    const seen = liveRuns(`${folder}/runs`, { pause: 1, signal: stop.signal });
    await write(row(1, 3) + row(2, 2));
    stop.abort();
    const [run, ...others] = await seen;
    assertEquals([run!.name, run!.isDone, others.length], ["own", false, 0]);
  }));
