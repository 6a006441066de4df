// `normkit watch`: a run that is under way, followed from its files until it is done.

import { findRuns, type RunPlace } from "../train/find_runs.ts";
import { followRun, type RunView, WatchedRun } from "../train/follow_run.ts";
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

/** The run at a path: the only one, or the only one that is under way. */
async function findRun(path: string): Promise<RunPlace> {
  const places = await findRuns(path);
  if (places.length === 1) return places[0]!;
  const going: RunPlace[] = [];
  for (const place of places) {
    if (!(await new WatchedRun(place.folder, place.run).look()).isDone) going.push(place);
  }
  if (going.length === 1) return going[0]!;
  const names = (going.length === 0 ? places : going).map(({ name }) => name);
  const many = `${names.slice(0, 5).join(", ")}${names.length > 5 ? " …" : ""}`;
  throw new RangeError(
    `Cannot watch ${path}: it has ${names.length} runs${
      going.length === 0 ? "" : " under way"
    }, ${many}; name one`,
  );
}

/** Shows a bar until the run is done or the signal comes; the result is what is known then. */
async function watch(
  { name, folder, run }: RunPlace,
  signal: AbortSignal,
  { once, bars }: { readonly once: boolean; readonly bars: boolean },
): Promise<RunView> {
  let [shown, last]: [number, RunView] = [0, { rows: [], length: undefined, isDone: false }];
  let bar: ReturnType<typeof trainingBar> | undefined;
  try {
    for await (const view of followRun(folder, run, { signal })) {
      last = view;
      if (once) break;
      const { rows, length } = view;
      if (length !== undefined) bar ??= trainingBar(name, length, bars);
      bar?.onRows(rows.slice(rows.length < shown ? 0 : shown)); // it may have gone back
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
  help: `Usage: normkit watch RUN [options]

Follows a training until it is done: its bar, losses, tokens (or images, or frames) in a second, and the time that is left. RUN is
OUT/VARIANT of \`normkit train --out OUT\`, the new folder of \`normkit train --from DIR --out OUT\`, or any folder in which one run is under
way. It reads files alone, so that the training may run in another process, or on another machine that shares the disk. Ctrl-C ends it,
and not the training.

  --once               say how far it is, and end
  --json               one JSON object at the end, no bar

Examples:
  normkit watch .normkit/runs/pre-ln
  normkit watch .normkit/runs
  normkit watch gpt2-mine --once --json`,
  options: { once: { type: "boolean" }, json: { type: "boolean" } },
  stopsInOrder: true,
  run: async (args, signal) => {
    const [path, other] = args.words;
    if (path === undefined || other !== undefined) {
      throw new UsageError(`Cannot watch ${args.words.length} runs: name one, such as OUT/pre-ln`);
    }
    const how = { once: flag(args, "once"), bars: !flag(args, "json") };
    return outcomeOf(path, await watch(await findRun(path), signal, how));
  },
};
