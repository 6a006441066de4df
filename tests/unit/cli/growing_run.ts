// A run that is under way as its files have it, written by hand.

import { writeAtomically } from "../../../lib/platform/files.ts";
import { WatchedRun } from "../../../lib/train/follow_run.ts";

/** What says how long such a run is. */
export const lengthText = '{"steps": 5, "perStep": {"count": 2, "unit": "tokens"}}';

/** The run `own` in `runs`, and functions that write its rows and look at their losses. */
export async function growingRun(folder: string) {
  const states = `${folder}/runs/unfinished/own`;
  await Deno.mkdir(states, { recursive: true });
  await Deno.writeTextFile(`${states}/run.json`, lengthText);
  const row = (step: number, loss: number): string =>
    `${JSON.stringify({ kind: "step", step, loss })}\n`;
  const write = (text: string): Promise<void> => writeAtomically(`${states}/rows.jsonl`, text);
  await write("");
  const run = new WatchedRun(`${folder}/runs`, "own");
  const losses = async () => (await run.look()).rows.map((one) => one["loss"]);
  return { states, row, write, run, losses };
}
