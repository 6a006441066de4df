// `deno task notebooks`: type-checks and executes every notebook in place. Committed notebooks carry pictures as PNG, the one
// form that every viewer shows.

import { readNotebook, writeNotebook } from "../jupyter/notebook_file.ts";
import type { Notebook } from "../jupyter/notebook_file.ts";
import { joined } from "../jupyter/notebook_file.ts";
import { executeNotebook } from "../jupyter/execute.ts";
import { checkNotebook, describeFinding } from "../jupyter/typecheck.ts";
import { marksType, readMarks } from "../plots/marks.ts";
import { toPng } from "../plots/png.ts";

/**
 * The notebooks of a folder, in order.
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
  return paths.sort();
}

/**
 * Type-checks a notebook and executes it in its folder; nothing is written. Pictures have their values beside them.
 *
 * @param path The notebook.
 * @param options Variables for its kernel, and what to say before each cell.
 * @returns The executed notebook.
 * @throws {TypeError} If a cell does not type-check.
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
    throw new TypeError(findings.map((finding) => describeFinding(path, finding)).join("\n"));
  }
  const cwd = path.slice(0, path.lastIndexOf("/"));
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
 * Replaces each SVG picture by a PNG of twice its size.
 *
 * @param notebook An executed notebook; it is changed.
 */
export async function picturesToPng(notebook: Notebook): Promise<void> {
  for (const output of notebook.cells.flatMap((cell) => cell.outputs ?? [])) {
    if (!("data" in output) || output.data["image/svg+xml"] === undefined) continue;
    const { "image/svg+xml": svg, ...rest } = output.data;
    const text = joined(svg as string | string[]);
    const [, width, height] = /<svg[^>]*?width="([\d.]+)"[^>]*?height="([\d.]+)"/.exec(text) ?? [];
    output.data = { "image/png": (await toPng(text)).toBase64(), ...rest };
    output.metadata = { "image/png": { width: Number(width), height: Number(height) } };
  }
}

if (import.meta.main) {
  const root = new URL("../../notebooks", import.meta.url).pathname;
  for (const path of await listNotebooks(root)) {
    console.log(`Executing ${path.slice(path.lastIndexOf("/") + 1)}`);
    const executed = await checkAndExecute(path);
    await picturesToPng(executed);
    await writeNotebook(path, executed);
  }
}
