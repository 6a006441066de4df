// `deno task site`: the static edition of all notebooks and guides, pages that load nothing, the pages that compute, and the reference. The committed outputs are
// shown unless `--execute` runs every notebook anew; then charts are drawn as SVG.

import { readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { exists, prepareFolder, writeAtomically } from "../platform/files.ts";
import { readTextFile } from "../platform/text_file.ts";
import { addressBetween } from "./address.ts";
import { apiFolder, apiPages, writeApi } from "./api_pages.ts";
import { readNotebook } from "./jupyter/notebook_file.ts";
import { platform } from "../platform/mod.ts";
import { appPages, searchLink } from "./web/frame.ts";
import { appFolder, buildPages } from "./web/pages.ts";
import { liveParts } from "./web/notebook/controls.ts";
import { searchPage } from "./web/search/page.ts";
import { trials } from "./web/trials.ts";
import { searchEntries } from "./pages/search_entries.ts";
import { buildSite, type SiteNotebook } from "./pages/site.ts";
import { checkout } from "./checkout.ts";
import { collectClaims } from "./claims.ts";
import {
  type Arguments,
  type Command,
  flag,
  parse,
  requireWords,
  stringOptions,
  textOption,
} from "../cli/command.ts";
import { checkAndExecute, listNotebooks } from "./notebooks.ts";
import { claimsTable } from "./results.ts";
import { runTask } from "./task.ts";

/** Stands at the foot of every page. */
const mark = "Made by deno task site";

/** The folders of a site, which are made anew. */
const ownFolders = [appFolder, apiFolder];

/** Whether a page of an earlier site is at a path. */
async function isOwnPage(path: string): Promise<boolean> {
  return await exists(path) && (await readTextFile(path)).includes(mark);
}

/** Refuses to write over a file that is no page of an earlier site, or into a folder that is none of it. */
async function requireOwnPages(out: string, files: readonly string[]): Promise<void> {
  const foreign: string[] = [];
  for (const folder of ownFolders.map((name) => `${out}/${name}`)) {
    if (await exists(folder) && !await isOwnPage(`${out}/index.html`)) foreign.push(folder);
  }
  for (const path of files.map((file) => `${out}/${file}`)) {
    if (await exists(path) && !await isOwnPage(path)) foreign.push(path);
  }
  if (foreign.length === 0) return;
  throw new RangeError(
    `Cannot write ${foreign[0]}: it is there, and deno task site has not made it`,
  );
}

/**
 * The pages of Markdown in a folder, each as a notebook of one cell.
 *
 * @param folder The folder.
 * @returns The pages in the order in which they are listed.
 */
export async function readGuides(folder: string): Promise<SiteNotebook[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".md"));
  const inOrder = files.toSorted((a, b) => guideOrder(a) - guideOrder(b));
  return await Promise.all(inOrder.map(async (file) => {
    const source = await readTextFile(`${folder}/${file}`);
    return {
      name: basename(file, ".md"),
      notebook: {
        cells: [{ cell_type: "markdown", id: "guide", metadata: {}, source }],
        ...{ metadata: {}, nbformat: 4, nbformat_minor: 5 },
      },
    };
  }));
}

/** Readers choose first, and look errors up last. */
const guideOrder = (file: string): number =>
  ["which_norm.md", "pytorch.md", "kernels.md"].indexOf(file) >>> 0;

/**
 * Writes the static edition.
 *
 * @param args The words after `deno task site`.
 * @param root The checkout.
 * @returns The folder of the pages.
 * @throws {UsageError} If an option is unknown or lacks its value.
 * @throws {RangeError} If a page would take the place of a file that is not of an earlier site, or cannot be written.
 */
export async function makeSite(args: readonly string[], root: string): Promise<string> {
  return await writeSite(parse(args, siteCommand.options), root);
}

async function writeSite(args: Arguments, root: string): Promise<string> {
  requireWords(args, []);
  const given = textOption(args, "out");
  const out = given === undefined ? resolve(root, ".normkit/site") : resolve(given);
  const execute = flag(args, "execute");
  const paths = await listNotebooks(`${root}/notebooks`);
  const guides = await readGuides(`${root}/notebooks/guides`);
  await requireOwnPages(out, [
    ...paths.map((path) => `${basename(path, ".ipynb")}.html`),
    ...guides.map(({ name }) => `${name}.html`),
    ...[{ address: "index.html" }, searchLink, ...appPages].map(({ address }) => address),
  ]);
  await using _out = await prepareFolder(out);
  const notebooks: SiteNotebook[] = [];
  for (const path of paths) {
    const name = basename(path, ".ipynb");
    if (execute) console.log(`Executing ${name}`);
    notebooks.push({
      name,
      notebook: execute ? await checkAndExecute(path) : await readNotebook(path),
    });
  }
  const claims = collectClaims(
    notebooks.map(({ name, notebook }) => ({ file: `${name}.ipynb`, notebook })),
  );
  const made = execute
    ? `${mark} --execute: every cell was run for this page.`
    : `${mark} from the committed outputs; with --execute it runs every cell first.`;
  const pages = await buildSite(notebooks, {
    source: textOption(args, "source") ?? addressBetween(out, `${root}/notebooks`),
    ...{ made, trials, guides, apps: [...appPages, searchLink], live: liveParts },
    ofAll: async (all) =>
      new Map([[searchLink.address, await searchPage(searchEntries(all), { made })]]),
    reference: apiPages,
    ...(claims.length === 0 ? {} : { results: claimsTable(claims, "") }),
  });
  const apps = await buildPages({ made: `${mark}.` });
  for (const folder of ownFolders.map((name) => `${out}/${name}`)) {
    if (await exists(folder)) await platform.removeAll(folder);
  }
  await writeApi(out);
  for (const [file, content] of [...pages, ...apps]) {
    await writeAtomically(`${out}/${file}`, content);
    console.log(`${file.padEnd(40)} ${Math.round(content.length / 1000)} kB`);
  }
  return out;
}

/** `deno task site`: its help, its options, and the run. */
export const siteCommand: Command = {
  summary: "the static edition of the notebooks",
  help: `Usage: deno task site [options]

Self-contained HTML of all notebooks and guides, the reference of all public names (api), and the pages that compute (laboratory,
gallery, conversion), for any file server: opened as files, these show but do not compute. Pages of an earlier site are replaced;
other files are refused.

  --out DIR      where the pages go; .normkit/site in the checkout by default
  --execute      run every notebook first: fresh numbers, charts as SVG (up to a minute each)
  --source URL   where links to other files of the project lead; the checkout by default
                 (for a copy on the web: the address of its notebooks folder)

Examples:
  deno task site
  deno task site --execute --out public --source https://example.org/normkit/blob/main/notebooks`,
  options: { ...stringOptions("out source"), execute: { type: "boolean" } },
  run: async (args) => {
    const out = await writeSite(args, checkout);
    return { report: { out }, text: `Open ${pathToFileURL(`${out}/index.html`)}` };
  },
};

if (import.meta.main) Deno.exit(await runTask("site", siteCommand, Deno.args));
