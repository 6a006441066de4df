// `deno task claims`: collects the claims of all committed notebooks and writes them into data/RESULTS.md and data/claims.json, and
// their counts into README.md.

import { basename } from "node:path";
import {
  type Cell,
  joined,
  type Notebook,
  type Output,
  readNotebook,
} from "./jupyter/notebook_file.ts";
import { writeAtomically } from "../platform/files.ts";
import { readTextFile } from "../platform/text_file.ts";
import { shown } from "../core/options.ts";
import { type Claim, claim, claimType } from "../notebook/claims.ts";
import { checkout } from "./checkout.ts";
import { type Command, flag, requireWords } from "../cli/command.ts";
import { formatted } from "./formatted.ts";
import { listNotebooks } from "./notebooks.ts";
import { taskResults, taskRows } from "../notebook/task_results.ts";
import { readRuns } from "../train/read_runs.ts";
import { taskFigures } from "./figures/tasks.ts";
import {
  type FoundClaim,
  resultsPage,
  type TaskSection,
  verdictCounts,
  withCounts,
} from "./results.ts";
import { runTask } from "./task.ts";

/** The claims in an output, each checked. */
function claimsIn(output: Output): readonly Claim[] {
  const claims = "data" in output ? output.data[claimType] as unknown : [];
  if (claims === undefined) return [];
  if (!Array.isArray(claims)) {
    throw new RangeError(`Cannot read claims from ${shown(claims)}: it must be a list`);
  }
  if (claims.length > 0) claim(...claims);
  return claims;
}

/** Requires that a cell that claims shows its claims: a kernel shows the value of the last statement alone. */
function requireShown(cell: Cell, file: string): void {
  const isClaiming = cell.cell_type === "code" && /^claim\(/m.test(joined(cell.source));
  const shows = (cell.outputs ?? []).some((output) => "data" in output && claimType in output.data);
  if (isClaiming && !shows) {
    throw new RangeError(
      `Cannot list the claims of ${file}, cell ${cell.id}: it shows none; claim() must be its last statement`,
    );
  }
}

/**
 * The claims in the outputs of notebooks.
 *
 * @param notebooks Notebooks with the names of their files, in order.
 * @returns The claims in the order of their cells.
 * @throws {RangeError} If a claim is malformed, an id stands twice, or a cell claims something that it does not show.
 */
export function collectClaims(
  notebooks: readonly { readonly file: string; readonly notebook: Notebook }[],
): FoundClaim[] {
  const found = notebooks.flatMap(({ file, notebook }) =>
    notebook.cells.flatMap((cell) => {
      requireShown(cell, file);
      const { id, outputs = [] } = cell;
      return outputs.flatMap(claimsIn).map((one): FoundClaim => ({
        ...one,
        notebook: file,
        cell: id,
      }));
    })
  );
  const firsts = new Map<string, FoundClaim>();
  for (const one of found) {
    const { id, notebook, cell } = one;
    const first = firsts.get(id) ?? one;
    firsts.set(id, first);
    if (first.notebook !== notebook || first.cell !== cell) {
      throw new RangeError(
        `Cannot list the claim ${
          shown(id)
        } of ${notebook}, cell ${cell}: ${first.notebook}, cell ${first.cell}, has it too`,
      );
    }
  }
  return found;
}

/**
 * The claims of the committed notebooks.
 *
 * @param root The checkout.
 * @returns The claims.
 * @throws {RangeError} If a claim is malformed, or an id stands twice.
 */
export async function committedClaims(root: string): Promise<FoundClaim[]> {
  const paths = await listNotebooks(`${root}/notebooks`);
  return collectClaims(
    await Promise.all(paths.map(async (path) => ({
      file: basename(path),
      notebook: await readNotebook(path),
    }))),
  );
}

/** What the recorded runs of each task say. */
async function taskSections(root: string): Promise<TaskSection[]> {
  return await Promise.all(taskFigures.map(async ({ id, title }) => ({
    id,
    title,
    rows: taskRows(taskResults(await readRuns(`${root}/data/runs/${id}`))),
  })));
}

/**
 * The files that state the claims of the committed notebooks, as they should be.
 *
 * @param root The checkout.
 * @returns The text of each file by its path in the checkout.
 * @throws {RangeError} If a claim is malformed, an id stands twice, or README.md lacks the markers.
 */
export async function claimFiles(root: string): Promise<Map<string, string>> {
  const claims = await committedClaims(root);
  const readme = await readTextFile(`${root}/README.md`);
  const page = resultsPage(claims, "../notebooks/", await taskSections(root));
  return new Map([
    ["README.md", await formatted(withCounts(readme, verdictCounts(claims)), "md", root)],
    ["data/RESULTS.md", await formatted(page, "md", root)],
    ["data/claims.json", await formatted(JSON.stringify(claims, null, 2), "json", root)],
  ]);
}

/** `deno task claims`: its help, its options, and the run. */
export const claimsCommand: Command = {
  summary: "writes the claims and their counts",
  help: `Usage: deno task claims [--check]

Collects the claims of all committed notebooks and writes them into data/RESULTS.md and data/claims.json, and how many have
which verdict into README.md, between its markers.

  --check   write nothing; exit code 1 where the files differ from the notebooks`,
  options: { check: { type: "boolean" } },
  run: async (args) => {
    requireWords(args, []);
    const stale: string[] = [];
    for (const [file, text] of await claimFiles(checkout)) {
      const before = await readTextFile(`${checkout}/${file}`).catch(() => "");
      if (before === text) continue;
      stale.push(file);
      if (!flag(args, "check")) await writeAtomically(`${checkout}/${file}`, text);
    }
    const names = stale.join(" and ");
    if (stale.length === 0) return { report: {}, text: "The claims and their counts are current" };
    if (!flag(args, "check")) return { report: {}, text: `Wrote ${names}` };
    throw new Error(`${names} differ from the notebooks: run deno task claims`);
  },
};

if (import.meta.main) Deno.exit(await runTask("claims", claimsCommand, Deno.args));
