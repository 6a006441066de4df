// `deno task lab`: JupyterLab on the notebooks.

import { basename } from "node:path";
import { listNotebooks } from "./notebooks.ts";
import { runLab } from "./jupyter/lab.ts";
import { checkout } from "./checkout.ts";
import { type Command, flag, stringOptions, textOption, UsageError } from "../cli/command.ts";
import { runTask } from "./task.ts";

/** What jupyter lab gets for a word: an option as it is, the name of a notebook as its file. */
async function notebookOrOption(word: string): Promise<string> {
  if (word.startsWith("-")) return word;
  const names = (await listNotebooks(`${checkout}/notebooks`)).map((path) => basename(path));
  const file = names.find((name) => [name, basename(name, ".ipynb")].includes(basename(word)));
  if (file !== undefined) return file;
  throw new UsageError(
    `Cannot open "${word}": notebooks are ${names.join(", ")}; options are written as --NAME=VALUE`,
  );
}

/** `deno task lab`: its help, its options, and the run. */
export const labCommand: Command = {
  summary: "JupyterLab on the notebooks",
  help: `Usage: deno task lab [options] [NAME] [-- ARG …]

Opens the notebooks in JupyterLab with the Deno kernel, one of them at once where NAME is what its file is called; Ctrl-C ends it. The first time it makes a virtual environment in .venv and
Jupyter's own files in .jupyter, both inside the checkout (needs Python 3 with venv and the package index).

  --setup-only   set everything up and start no server
  --no-browser   open no browser
  --port N       the server's port (8888)
  -- ARG …       more options of jupyter lab

Examples:
  deno task lab
  deno task lab 01_pre_ln`,
  options: {
    ...stringOptions("port"),
    "setup-only": { type: "boolean" },
    "no-browser": { type: "boolean" },
  },
  stopsInOrder: true,
  run: async (args, signal) => {
    const passedOn = await Promise.all(args.words.map(notebookOrOption));
    const port = textOption(args, "port");
    const passed = [
      ...(flag(args, "no-browser") ? ["--no-browser"] : []),
      ...(port === undefined ? [] : [`--port=${port}`]),
      ...passedOn,
    ];
    const setupOnly = flag(args, "setup-only");
    return { code: await runLab({ root: checkout, args: passed, setupOnly, signal }), report: {} };
  },
};

if (import.meta.main) Deno.exit(await runTask("lab", labCommand, Deno.args));
