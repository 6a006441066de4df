/** Links of a folder of pages that lead nowhere, or out of it: what is copied elsewhere must bring all that it links to. */

import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, normalize } from "node:path/posix";

const plain = (text: string): string =>
  text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">")
    .replaceAll("&#x2F;", "/").replaceAll("&#x27;", "'").replaceAll("&amp;", "&");

const matchesOf = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => plain(found!));

/**
 * The links of pages that lead nowhere.
 *
 * @param folder The folder of the pages.
 * @returns Each dead link with the page on which it stands; links to the web are left out.
 */
export async function deadLinks(folder: string): Promise<string[]> {
  const files = new Set(
    (await readdir(folder, { recursive: true })).map((path) => path.replaceAll("\\", "/")),
  );
  const pages = new Map<string, { ids: ReadonlySet<string>; links: readonly string[] }>();
  for (const path of [...files].filter((path) => path.endsWith(".html"))) {
    const html = await readFile(join(folder, path), "utf8");
    const links = matchesOf(html, /<(?:a|link|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g);
    pages.set(path, { ids: new Set(matchesOf(html, /\sid="([^"]*)"/g)), links });
  }
  const dead: string[] = [];
  for (const [page, { links }] of pages) {
    for (const link of new Set(links)) {
      if (/^(?:https?|mailto|data):/.test(link)) continue;
      const [, path = "", fragment] = /^([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/s.exec(link)!;
      const named = path === "" ? page : normalize(join(dirname(page), decodeURIComponent(path)));
      const place = named.endsWith("/") ? `${named}index.html` : named;
      const target = pages.get(place);
      const isThere = files.has(place) && (await stat(join(folder, place))).isFile();
      const hasAnchor = fragment === undefined || fragment === "" || target === undefined ||
        target.ids.has(fragment) || target.ids.has(decodeURIComponent(fragment));
      if (!isThere || !hasAnchor) dead.push(`${page}: ${link}`);
    }
  }
  return dead;
}
