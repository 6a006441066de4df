/** Faults written into a checkout, and what its notebooks say to them. */

import { basename } from "node:path";
import { executeNotebook, NotebookError } from "../../lib/workshop/jupyter/execute.ts";
import { readNotebook } from "../../lib/workshop/jupyter/notebook_file.ts";
import { listNotebooks } from "../../lib/workshop/notebooks.ts";
import type { Edit, Mutation } from "./mutations.ts";

/** The sources of the WASM kernels, which are compiled before they run. */
const kernelSources = "lib/kernels/wasm/source/";

/**
 * A text with a fault in it.
 *
 * @param text The file's text.
 * @param edit The fault.
 * @returns The changed text.
 * @throws {RangeError} If what it changes does not stand there, or more than once.
 */
export function edited(text: string, { file, find, replace }: Edit): string {
  const [before, after, ...others] = text.split(find);
  if (after !== undefined && others.length === 0) return `${before}${replace}${after}`;
  const count = after === undefined ? "not" : "more than once";
  throw new RangeError(`Cannot break ${file}: ${JSON.stringify(find)} stands there ${count}`);
}

/**
 * Writes a fault into a checkout.
 *
 * @param root The checkout.
 * @param mutation The fault.
 * @returns What takes it out again.
 */
export async function breakCheckout(
  root: string,
  { edits }: Mutation,
): Promise<AsyncDisposable> {
  const compiled = edits.some(({ file }) => file.startsWith(kernelSources));
  const files = new Set(edits.map(({ file }) => `${root}/${file}`));
  if (compiled) files.add(`${root}/lib/kernels/wasm/binary.ts`);
  const before = await Promise.all(
    [...files].map(async (path) => [path, await Deno.readTextFile(path)] as const),
  );
  for (const edit of edits) {
    const path = `${root}/${edit.file}`;
    await Deno.writeTextFile(path, edited(await Deno.readTextFile(path), edit));
  }
  if (compiled) await compileKernels(root);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const [path, text] of before) await Deno.writeTextFile(path, text);
    },
  };
}

async function compileKernels(root: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "kernels"],
    cwd: root,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/**
 * Executes notebooks one after the other until a check of one of them is red.
 *
 * @param root The checkout.
 * @param numbers Which notebooks, by the numbers that their names begin with, in this order.
 * @returns What the check says, with the notebook; undefined where all are green.
 */
export async function redCheck(
  root: string,
  numbers: readonly string[],
): Promise<string | undefined> {
  const paths = await listNotebooks(`${root}/notebooks`);
  for (const number of numbers) {
    const path = paths.find((one) => basename(one).startsWith(number))!;
    const red = await redCheckOf(path, `${root}/notebooks`);
    if (red !== undefined) return `${basename(path, ".ipynb")}: ${red}`;
  }
  return undefined;
}

/** A check that fails says so by its sign; any other error is the fault's own, and no check has seen it. */
async function redCheckOf(path: string, cwd: string): Promise<string | undefined> {
  try {
    await executeNotebook(await readNotebook(path), { cwd, cellTimeoutSeconds: 300 });
    return undefined;
  } catch (error) {
    if (!(error instanceof NotebookError)) throw error;
    return /✗ [^\n]*/.exec(error.message)?.[0];
  }
}
