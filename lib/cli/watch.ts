// `normkit watch`: a run that is under way, followed from its files until it is done.

import { followRun, type RunView } from "../train/follow_run.ts";
import { basename, dirname } from "../platform/path.ts";
import { type Command, flag, type Outcome, UsageError } from "./command.ts";
import { trainingBar } from "./training_bar.ts";

/** What is known of the run, in a sentence and as JSON. */
function outcomeOf(run: string, { rows, length, isDone }: RunView): Outcome {
  const step = rows.findLast(({ kind }) => kind === "step");
  const evaluation = rows.findLast(({ kind }) => kind === "evaluation");
  const at = step?.step ?? 0;
  const parts = [
    `${run}: step ${at}${length === undefined ? "" : ` of ${length.steps}`}`,
    step === undefined ? "" : `loss ${Number(step["loss"]).toFixed(3)}`,
    evaluation === undefined ? "" : `held out ${Number(evaluation["nats"]).toFixed(3)}`,
    isDone ? "done" : "",
  ];
  const report = { run, step: at, ...length, loss: step?.["loss"], evaluation, done: isDone };
  return { report, text: parts.filter((part) => part !== "").join(", ") };
}

/** Shows a bar until the run is done or the signal comes; the result is what is known then. */
async function watch(
  run: string,
  signal: AbortSignal,
  { once, bars }: { readonly once: boolean; readonly bars: boolean },
): Promise<RunView> {
  let [shown, last]: [number, RunView] = [0, { rows: [], length: undefined, isDone: false }];
  let bar: ReturnType<typeof trainingBar> | undefined;
  try {
    for await (const view of followRun(dirname(run), basename(run), { signal })) {
      last = view;
      if (once) break;
      const { rows, length } = view;
      if (length !== undefined) {
        bar ??= trainingBar(basename(run), length.steps, bars, length.tokens);
      }
      for (const row of rows.slice(shown)) bar?.onRow(row);
      shown = rows.length;
    }
  } finally {
    bar?.[Symbol.dispose]();
  }
  return last;
}

/** `normkit watch`: its help, its options, and what it does. */
export const watchCommand: Command = {
  summary: "follow a training that is under way, from its files",
  help: `Usage: normkit watch OUT/VARIANT [options]

Follows a run of \`normkit train --out OUT\` until it is done: its bar, losses, tokens in a second, and the time that is left. It reads files
alone, so that the training may run in another process, or on another machine that shares the disk. Ctrl-C ends it, and not the training.

  --once               say how far it is, and end
  --json               one JSON object at the end, no bar

Examples:
  normkit watch .normkit/runs/pre-ln
  normkit watch .normkit/runs/pre-ln --once --json`,
  options: { once: { type: "boolean" }, json: { type: "boolean" } },
  stopsInOrder: true,
  run: async (args, signal) => {
    const [run, other] = args.words;
    if (run === undefined || other !== undefined) {
      throw new UsageError(`Cannot watch ${args.words.length} runs: name one, such as OUT/pre-ln`);
    }
    const how = { once: flag(args, "once"), bars: !flag(args, "json") };
    return outcomeOf(run, await watch(run, signal, how));
  },
};
