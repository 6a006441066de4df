// `deno task site`: the static edition of all notebooks, pages that load nothing. The committed outputs are shown unless
// `--execute` runs every notebook anew; then charts are drawn as SVG.

import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { writeAtomically } from "../core/files.ts";
import { addressBetween } from "../core/path.ts";
import { readNotebook } from "../jupyter/notebook_file.ts";
import { buildSite, type SiteNotebook } from "../jupyter/site.ts";
import { checkout } from "./checkout.ts";
import { claimsTable, collectClaims } from "./claims.ts";
import { flag, parse, textOption, UsageError } from "./command.ts";
import { checkAndExecute, listNotebooks } from "./notebooks.ts";

const help = `deno task site: self-contained HTML of all notebooks

  --out DIR      where the pages go; .normkit/site by default
  --execute      run every notebook first: fresh numbers, charts as SVG (up to a minute each)
  --source URL   where links to other files of the project lead; the checkout by default
                 (for a copy on the web: the address of its notebooks folder)

Examples:
  deno task site
  deno task site --execute --out public --source https://example.org/normkit/blob/main/notebooks`;

/**
 * Writes the static edition.
 *
 * @param args The words after `deno task site`.
 * @param root The checkout.
 * @returns The folder of the pages.
 * @throws {UsageError} If an option is unknown or lacks its value.
 */
export async function makeSite(args: readonly string[], root: string): Promise<string> {
  const parsed = parse(args, {
    out: { type: "string" },
    execute: { type: "boolean" },
    source: { type: "string" },
  });
  const out = resolve(root, textOption(parsed, "out") ?? ".normkit/site");
  const execute = flag(parsed, "execute");
  const notebooks: SiteNotebook[] = [];
  for (const path of await listNotebooks(`${root}/notebooks`)) {
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
  const files = await buildSite(notebooks, {
    source: textOption(parsed, "source") ?? addressBetween(out, `${root}/notebooks`),
    made: execute
      ? "Made by deno task site --execute: every cell was run for this page."
      : "Made by deno task site from the committed outputs; with --execute it runs every cell first.",
    ...(claims.length === 0 ? {} : { results: claimsTable(claims, "") }),
  });
  for (const [file, text] of files) {
    await writeAtomically(`${out}/${file}`, text);
    console.log(`${file.padEnd(28)} ${Math.round(text.length / 1000)} kB`);
  }
  return out;
}

if (import.meta.main) {
  if (Deno.args.includes("--help")) console.log(help);
  else {
    try {
      console.log(`Open ${pathToFileURL(`${await makeSite(Deno.args, checkout)}/index.html`)}`);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      console.error(`${error.message}\n\n${help}`);
      Deno.exit(2);
    }
  }
}
