// `deno task notebooks`: type-checks and executes every notebook in place. Committed notebooks carry pictures as PNG, the one
// form that every viewer shows.

import { basename, dirname } from "node:path";
import { prepareFolder } from "../platform/files.ts";
import { readNotebook, writeNotebook } from "./jupyter/notebook_file.ts";
import type { Notebook } from "./jupyter/notebook_file.ts";
import { joined } from "./jupyter/notebook_file.ts";
import { rootAttributes } from "./pages/pictures.ts";
import { executeNotebook } from "./jupyter/execute.ts";
import { checkNotebook, describeFinding } from "./jupyter/typecheck.ts";
import { marksType, readMarks } from "../plots/marks.ts";
import { toPng } from "../plots/png.ts";
import { checkout } from "./checkout.ts";
import { type Command, UsageError } from "../cli/command.ts";
import { runTask } from "./task.ts";

/**
 * A cell does not type-check; the message says where.
 *
 * Cause: a slip in the cell, or an export that has changed since the notebook was written.
 * Remedy: mend the cell; `deno task notebooks NAME` checks and executes one notebook.
 */
export class NotebookTypeError extends TypeError {
  /** The name of the class, for messages. */
  override readonly name = "NotebookTypeError";
}

/** Notebooks that are read before another one, though their number is higher: numbers stay where a notebook was split. */
const readBefore: Readonly<Record<string, string>> = { "09_deepnorm.ipynb": "02_sub_ln.ipynb" };

/** What notebooks are sorted by: names, and before each name those that are read before it. */
const place = (path: string): string => {
  const name = basename(path);
  const next = readBefore[name];
  return next === undefined ? `${name} 1` : `${next} 0`;
};

/**
 * The notebooks of a folder, in the order in which they are read.
 *
 * @param folder The folder.
 * @returns Their paths.
 * @throws {RangeError} If there are none.
 */
export async function listNotebooks(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && name.endsWith(".ipynb")) paths.push(`${folder}/${name}`);
  }
  if (paths.length === 0) {
    throw new RangeError(`Cannot find notebooks in ${folder}: it holds no .ipynb file`);
  }
  return paths.sort((a, b) => place(a) < place(b) ? -1 : 1);
}

/**
 * Type-checks a notebook and executes it in its folder; nothing is written. Pictures have their values beside them.
 *
 * @param path The notebook.
 * @param options Variables for its kernel, and what to say before each cell.
 * @returns The executed notebook.
 * @throws {NotebookTypeError} If a cell does not type-check.
 * @throws {NotebookError} If a cell fails.
 */
export async function checkAndExecute(
  path: string,
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly onCell?: (position: number, total: number) => void;
  } = {},
): Promise<Notebook> {
  const notebook = await readNotebook(path);
  const findings = await checkNotebook(path, notebook);
  if (findings.length > 0) {
    throw new NotebookTypeError(
      findings.map((finding) => describeFinding(path, finding)).join("\n"),
    );
  }
  const cwd = dirname(path);
  const executed = await executeNotebook(notebook, { cwd, ...options });
  marksBesidePictures(executed);
  return executed;
}

/** Puts the values that an SVG picture carries beside it, where they stay when it becomes a PNG. */
function marksBesidePictures(notebook: Notebook): void {
  for (const output of notebook.cells.flatMap((cell) => cell.outputs ?? [])) {
    const svg = "data" in output ? output.data["image/svg+xml"] : undefined;
    const marks = svg === undefined ? undefined : readMarks(joined(svg as string | string[]));
    if ("data" in output && marks !== undefined) output.data[marksType] = marks;
  }
}

/**
 * Replaces each SVG picture by a PNG of twice its size; its title is in its metadata, as `alt`.
 *
 * @param notebook An executed notebook; it is changed.
 */
export async function picturesToPng(notebook: Notebook): Promise<void> {
  for (const output of notebook.cells.flatMap((cell) => cell.outputs ?? [])) {
    if (!("data" in output) || output.data["image/svg+xml"] === undefined) continue;
    const { "image/svg+xml": svg, ...rest } = output.data;
    const text = joined(svg as string | string[]);
    const size = rootAttributes(text);
    output.data = { "image/png": (await toPng(text)).toBase64(), ...rest };
    output.metadata = {
      "image/png": {
        width: Number(size.get("width")),
        height: Number(size.get("height")),
        alt: size.get("aria-label") ?? "",
      },
    };
  }
}

const help = `Usage: deno task notebooks [NAME …]

Type-checks and executes notebooks in the Deno kernel and writes their outputs into them, pictures as PNG: all of them, or those
whose file names begin with one of the names. A notebook whose cell fails is left as it was, and the command ends there.

Examples:
  deno task notebooks
  deno task notebooks 02 05_gpas`;

/** The notebooks that are meant: all, or those that begin with one of the words. */
async function chosen(words: readonly string[]): Promise<string[]> {
  const paths = await listNotebooks(`${checkout}/notebooks`);
  const unknown = words.find((word) => !paths.some((path) => basename(path).startsWith(word)));
  if (unknown !== undefined) {
    throw new UsageError(
      `Cannot execute "${unknown}": notebooks are ${
        paths.map((path) => basename(path)).join(", ")
      }`,
    );
  }
  const meant = (path: string): boolean => words.some((word) => basename(path).startsWith(word));
  return words.length === 0 ? paths : paths.filter(meant);
}

/** `deno task notebooks`: its help, its options, and the run. */
export const notebooksCommand: Command = {
  summary: "executes notebooks in place",
  help,
  options: {},
  run: async ({ words }) => {
    const paths = await chosen(words);
    await using _folder = await prepareFolder(`${checkout}/notebooks`); // told before minutes pass
    for (const path of paths) {
      console.log(`Executing ${basename(path)}`);
      const executed = await checkAndExecute(path);
      await picturesToPng(executed);
      await writeNotebook(path, executed);
    }
    return { report: { executed: paths.map((path) => basename(path)) } };
  },
};

/**
 * Runs the command.
 *
 * @param words The words after `notebooks`.
 * @returns The exit code.
 */
export function main(words: readonly string[]): Promise<number> {
  return runTask("notebooks", notebooksCommand, words);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
