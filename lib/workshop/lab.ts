// `deno task lab`: JupyterLab on the notebooks.

import { runLab } from "./jupyter/lab.ts";
import { checkout } from "./checkout.ts";
import { type Command, flag, stringOptions, textOption, UsageError } from "../cli/command.ts";
import { runTask } from "./task.ts";

/** `deno task lab`: its help, its options, and the run. */
export const labCommand: Command = {
  summary: "JupyterLab on the notebooks",
  help: `Usage: deno task lab [options] [-- ARG …]

Opens the notebooks in JupyterLab with the Deno kernel; Ctrl-C ends it. The first time it makes a virtual environment in .venv and
Jupyter's own files in .jupyter, both inside the checkout (needs Python 3 with venv and the package index).

  --setup-only   set everything up and start no server
  --no-browser   open no browser
  --port N       the server's port (8888)
  -- ARG …       more options of jupyter lab`,
  options: {
    ...stringOptions("port"),
    "setup-only": { type: "boolean" },
    "no-browser": { type: "boolean" },
  },
  stopsInOrder: true,
  run: async (args, signal) => {
    const stranger = args.words.find((word) => !word.startsWith("-"));
    if (stranger !== undefined) {
      throw new UsageError(`Cannot give "${stranger}" to jupyter lab: write it as --NAME=VALUE`);
    }
    const port = textOption(args, "port");
    const passed = [
      ...(flag(args, "no-browser") ? ["--no-browser"] : []),
      ...(port === undefined ? [] : [`--port=${port}`]),
      ...args.words,
    ];
    const setupOnly = flag(args, "setup-only");
    return { code: await runLab({ root: checkout, args: passed, setupOnly, signal }), report: {} };
  },
};

if (import.meta.main) Deno.exit(await runTask("lab", labCommand, Deno.args));
