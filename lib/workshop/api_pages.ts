// The reference of the site: every public name with its documentation, as `deno doc --html` writes it; nothing is loaded from elsewhere.

import { appendFile, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PageLink } from "./pages/page.ts";
import { checkout } from "./checkout.ts";
import config from "../../deno.json" with { type: "json" };

/** The folder of the reference. */
export const apiFolder = "api";

/** The first page of each entry point. */
export const apiPages: readonly PageLink[] = Object.keys(config.exports).map((entry) => ({
  address: entry === "." ? `${apiFolder}/index.html` : `${apiFolder}/${entry.slice(2)}/index.html`,
  html: `<code>${config.name}${entry.slice(1)}</code>`,
}));

/** Where the repository's files lie for who reads the reference: an address, or nowhere. */
type Source = string | undefined;

const sourceButton = /<a\s+class="sourceButton"\s+href="([^"]*)"[^]*?<\/a>/g;
const ownAnchor = /<a href="#([^"]*)"[^>]*>([^<]*)<\/a>/g;

/** What `deno doc` takes for the name of an entry point. */
const imported = /\bfrom ("|&quot;)(\.|[a-z]+)\1/g;
const breadcrumbs = /<ul class="breadcrumbs">[^]*?<\/div>/;

/** What `deno doc` keeps from those who hear its pages: the language, names of buttons, a heading, lists of more than items. */
function told(page: string): string {
  const [, title = ""] = /<title>([^]*?)<\/title>/.exec(page) ?? [];
  return page
    .replace("<html>", '<html lang="en">')
    .replace('<nav id="topnav">', '<nav id="topnav" aria-label="Where this is">')
    .replace(breadcrumbs, (list) => list.replaceAll(/(<\/?)(?:ul|li)\b/g, "$1span"))
    .replaceAll('<nav class="topSymbols"', '<nav class="topSymbols" aria-label="Symbols"')
    .replaceAll(/<h3>(Symbols|Usage)<\/h3>/g, "<h2>$1</h2>")
    .replaceAll('<code class="language-', '<code tabindex="0" class="language-')
    .replaceAll('class="copyButton"', 'class="copyButton" aria-label="Copy"')
    .replace(/<main\b[^>]*>/, (main) => `${main}<h1 class="told">${title}</h1>`)
    .replace(
      '<div class="toc">',
      '<div class="toc" role="complementary" aria-label="Of this page">',
    );
}

/**
 * A page of the reference without what leads nowhere: `deno doc` links to files of this machine, and to type parameters of which it
 * lists none, and imports entry points by names that only their folders have.
 */
function mended(page: string, source: Source): string {
  const ids = new Set([...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id));
  const root = pathToFileURL(checkout).href;
  return told(page)
    .replaceAll(sourceButton, (link, address: string) => {
      const path = address.replaceAll("&#x2F;", "/").slice(root.length);
      return source === undefined ? "" : link.replace(address, `${source}${path}`);
    })
    .replaceAll(
      imported,
      (_, quote: string, entry: string) =>
        `from ${quote}${config.name}${entry === "." ? "" : `/${entry}`}${quote}`,
    )
    .replaceAll(ownAnchor, (link, id: string, words: string) => ids.has(id) ? link : words);
}

/** What `deno doc` leaves wider than a phone: its one column, the line at the top, and long names; and colours too pale to be read. */
const ownStyle = `
@media (max-width: 48rem) {
  .ddoc > div { min-width: 0; flex: 1; }
  #topnav, #topnav > div { height: auto; flex-wrap: wrap; gap: .5rem 1rem; }
  #searchbar { min-width: 0; max-width: 100%; }
  #content { min-width: 0; overflow-wrap: anywhere; }
}
.namespaceItemContent span { opacity: 1 !important; }
.told { position: absolute; clip-path: inset(50%); }
.breadcrumbs { display: flex; align-items: center; }
:root:not(.dark) {
  .contextLink { color: #0e6590; }
  .td-kw { color: #0e7490; }
  .td-lit { color: #b45309; }
  .td-str { color: #15803d; }
  .td-ref { color: #1d4ed8; }
  .td-tp { color: #854d0e; }
  .td-op { color: #be185d; }
  .token.function, .token.class-name { color: #b3264a; }
  .token.string, .token.builtin { color: #446600; }
  .ddoc a code { color: #1d4ed8; }
  .text-optional { color: #0b6b79; }
  .ddoc .toc .documentNavigation > ul ul { color: #4b5563; }
}
`;

/**
 * Mends the pages, and renames those with a `%` in their name, as those of `text/plain` have: a server takes it for a letter's code, and
 * finds no such page.
 */
async function mendPages(folder: string, source: Source): Promise<void> {
  const all = await readdir(folder, { recursive: true });
  const paths = all.filter((path) => path.includes("%"));
  for (const path of paths) await rename(join(folder, path), join(folder, plain(path)));
  const names = paths.map((path) => basename(path));
  for (const path of all.filter((path) => /\.(?:html|js)$/.test(path)).map(plain)) {
    const text = await readFile(join(folder, path), "utf8");
    const named = names.reduce((page, name) => page.replaceAll(name, plain(name)), text);
    const page = path.endsWith(".html") ? mended(named, source) : named;
    if (page !== text) await writeFile(join(folder, path), page);
  }
}

const plain = (name: string): string => name.replaceAll("%", "-");

/**
 * Writes the reference of all entry points.
 *
 * @param out The folder of the site; the reference goes into a folder of it.
 * @param source The address of the repository's files, for links to the code; there are none by default.
 * @throws {RangeError} If `deno doc` fails; the message is its own.
 */
export async function writeApi(out: string, source?: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["doc", "--html", "--quiet", "--name=normkit", `--output=${out}/${apiFolder}`],
      ...Object.values(config.exports),
    ],
    cwd: checkout,
  }).output();
  if (code !== 0) {
    throw new RangeError(`Cannot write the reference: ${new TextDecoder().decode(stderr)}`);
  }
  await mendPages(join(out, apiFolder), source);
  await appendFile(join(out, apiFolder, "page.css"), ownStyle);
}
