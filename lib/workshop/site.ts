// `deno task site`: the static edition of all notebooks and guides, pages that load nothing, the pages that compute, and the reference. The committed outputs are
// shown unless `--execute` runs every notebook anew; then charts are drawn as SVG.

import { readdir } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { normalize } from "node:path/posix";
import { pathToFileURL } from "node:url";
import { exists, prepareFolder, writeAtomically } from "../platform/files.ts";
import { readBytes, readTextFile } from "../platform/text_file.ts";
import { apiFolder, apiPages, writeApi } from "./api_pages.ts";
import { type Notebook, readNotebook } from "./jupyter/notebook_file.ts";
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

/** The folder of other files to which pages link. */
const filesFolder = "files";

/** The folders of a site, which are made anew. */
const ownFolders = [appFolder, apiFolder, filesFolder];

/** Pages of Markdown about the project, in the order in which they are listed. */
const documents = [
  ...["README.md", "DESIGN.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"],
  ...["data/RESULTS.md", "data/runs/bench/README.md", "notebooks/proofs/README.md"],
  "tests/golden/README.md",
];

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

/** A file of Markdown as a notebook of one cell. */
async function readDocument(path: string): Promise<Notebook> {
  const source = await readTextFile(path);
  const cells = [{ cell_type: "markdown", id: "guide", metadata: {}, source }] as const;
  return { cells: [...cells], metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

/**
 * The pages of Markdown in a folder `guides`, each as a notebook of one cell.
 *
 * @param folder The folder.
 * @returns The pages in the order in which they are listed.
 */
export async function readGuides(folder: string): Promise<SiteNotebook[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".md"));
  const inOrder = files.toSorted((a, b) => guideOrder(a) - guideOrder(b));
  return await Promise.all(inOrder.map(async (file) => ({
    ...{ name: basename(file, ".md"), path: `guides/${file}` },
    notebook: await readDocument(`${folder}/${file}`),
  })));
}

/**
 * The pages of Markdown about the project.
 *
 * @param root The checkout.
 * @returns The pages in the order in which they are listed.
 */
async function readDocuments(root: string): Promise<SiteNotebook[]> {
  return await Promise.all(documents.map(async (path) => ({
    name: path.replace(/\.md$/, "").replaceAll("/", "-"),
    path: normalize(`../${path}`).replace(/^\.\.\/notebooks\//, ""),
    notebook: await readDocument(`${root}/${path}`),
  })));
}

/** Copies the other files of the checkout to which pages link. */
async function copyLinked(pages: Iterable<string>, root: string, out: string): Promise<void> {
  const link = new RegExp(` href="${filesFolder}/([^"#]+)`, "g");
  const paths = new Set([...pages].flatMap((html) => [...html.matchAll(link)].map(([, p]) => p!)));
  for (const path of paths) {
    const place = `${out}/${filesFolder}/${path}`;
    await platform.makeFolder(dirname(place), { around: true });
    await writeAtomically(place, await readBytes(`${root}/${decodeURI(path)}`));
  }
}

/** Readers choose first, and look errors up last. */
const guideOrder = (file: string): number =>
  ["which_norm.md", "pytorch.md", "sweeps.md", "kernels.md"].indexOf(file) >>> 0;

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
  const [given, source] = [textOption(args, "out"), textOption(args, "source")];
  const out = given === undefined ? resolve(root, ".normkit/site") : resolve(given);
  const execute = flag(args, "execute");
  const paths = await listNotebooks(`${root}/notebooks`);
  const guides = await readGuides(`${root}/notebooks/guides`);
  const about = await readDocuments(root);
  await requireOwnPages(out, [
    ...paths.map((path) => `${basename(path, ".ipynb")}.html`),
    ...[...guides, ...about].map(({ name }) => `${name}.html`),
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
    source: source ?? `${filesFolder}/notebooks`,
    ...{ made, trials, guides, documents: about, live: liveParts },
    apps: [...appPages, searchLink],
    ofAll: async (all) =>
      new Map([[searchLink.address, await searchPage(searchEntries(all), { made })]]),
    reference: apiPages,
    ...(claims.length === 0 ? {} : { results: claimsTable(claims, "") }),
  });
  const apps = await buildPages({ made: `${mark}.` });
  for (const folder of ownFolders.map((name) => `${out}/${name}`)) {
    if (await exists(folder)) await platform.removeAll(folder);
  }
  await writeApi(out, source?.replace(/\/?notebooks\/?$/, ""));
  await copyLinked(pages.values(), root, out);
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
  --source URL   where links to other files of the project lead: the address of the notebooks folder on the web.
                 By default copies of them lie beside the pages, and the reference has no links to the code

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
