// `normkit log`: runs written for other programs.

import { type LogFormat, logFormats, writeLog } from "../log/log.ts";
import {
  type Arguments,
  choiceOption,
  type Command,
  flag,
  type Outcome,
  stringOptions,
  textOption,
  UsageError,
} from "./command.ts";

/** What is asked for. */
function askedFrom(args: Arguments): { readonly to: LogFormat; readonly out: string } {
  if (args.words.length === 0) {
    throw new UsageError("Cannot write no run: name one, such as OUT/pre-ln, or a folder of runs");
  }
  const [to, out] = [choiceOption(args, "to", logFormats), textOption(args, "out")];
  if (to === undefined || out === undefined) {
    throw new UsageError("Cannot write runs without --to and --out: as what, and where");
  }
  if (flag(args, "follow") && to !== "tensorboard") {
    throw new UsageError(`Cannot use --follow with --to ${to}: only events grow as their run does`);
  }
  return { to, out };
}

/** `normkit log`: its help, its options, and what it does. */
export const logCommand: Command = {
  summary: "write runs as CSV, Parquet or TensorBoard events",
  help: `Usage: normkit log RUN … --to FORMAT --out PATH [options]

Writes the rows of runs for other programs. RUN is OUT/VARIANT of \`normkit train\`, the folder of a model that was trained further, or any
folder with runs in it or in its folders; runs that are under way are written as far as they have come.

  --to FORMAT          csv or parquet: a table in the file PATH, with a line for each row of each run, and columns for the settings in which
                       they differ; tensorboard: for each run a folder PATH/RUN of events (tensorboard --logdir PATH)
  --out PATH           the new file or folder
  --follow             with tensorboard: go on until no run is under way, with those that begin meanwhile; Ctrl-C ends it, and no training
  --force              replace what was written there before
  --json               one JSON object

NaN and infinities stay what they are. A table has all digits; TensorBoard keeps single precision. Rows have no times: TensorBoard's lie
evenly between the start and the end of a run that is done, and are those of the look at one that is followed.

Examples:
  normkit log .normkit/runs --to csv --out runs.csv
  normkit log .normkit/runs gpt2-mine --to parquet --out runs.parquet
  normkit log .normkit/runs --to tensorboard --out events --follow`,
  options: {
    ...stringOptions("to out"),
    follow: { type: "boolean" },
    force: { type: "boolean" },
    json: { type: "boolean" },
  },
  stopsInOrder: true,
  run: async (args, signal): Promise<Outcome> => {
    const { to, out } = askedFrom(args);
    const how = { follow: flag(args, "follow"), force: flag(args, "force"), signal };
    const runs = await writeLog(args.words, { to, out, ...how });
    const rows = runs.reduce((sum, run) => sum + run.rows, 0);
    const text = `Wrote ${rows} rows of ${runs.length} run${
      runs.length === 1 ? "" : "s"
    } to ${out}`;
    return { report: { out, to, runs }, text };
  },
};
