// The page that searches all pages: it carries what it looks through, so that it works as a file too.

import { bundle } from "../../bundle.ts";
import { checkout } from "../../checkout.ts";
import { wholePage } from "../../pages/page.ts";
import type { SearchEntry } from "../../pages/search_entries.ts";
import { appBar, type PageNotes, searchLink } from "../frame.ts";

const style = `
.layout { display: block; }
.layout main { margin: 0 auto; }
#query { width: min(34rem, 100%); min-height: 2.6rem; padding: .25rem .75rem; border: 1px solid var(--field); border-radius: 6px; background: var(--page); color: inherit; font: inherit; }
#form label { display: block; margin-bottom: .35rem; font: 600 .9rem/1.4 var(--sans); }
#form[hidden] { display: none; }
#found { padding: 0; list-style: none; }
#found li { margin: 1.25rem 0; }
#found a { font: 600 1rem/1.4 var(--sans); }
#found small { display: block; color: var(--soft); font: .8rem/1.5 var(--sans); }
#found p { margin: .2rem 0 0; font-size: .95rem; line-height: 1.5; }
mark { background: var(--mark); color: inherit; font-weight: 600; }
`;

/**
 * The page that searches.
 *
 * @param entries What it looks through.
 * @param notes What stands at its foot.
 * @returns HTML with everything inside.
 */
export async function searchPage(
  entries: readonly SearchEntry[],
  { made }: PageNotes,
): Promise<string> {
  const { files } = await bundle({ search: `${checkout}/lib/workshop/web/search/main.ts` });
  const script = new TextDecoder().decode(files.get("search.js")).trim();
  const json = JSON.stringify(entries).replaceAll("<", "\\u003c");
  return await wholePage({
    title: "Search normkit's pages",
    description: "Search all notebooks and guides of normkit, without a server.",
    bar: appBar(searchLink.address),
    main: `<h1>Search</h1>
<form id="form" role="search" hidden><label for="query">Words in all notebooks and guides</label>
<input id="query" type="search" autocomplete="off" spellcheck="false" autofocus></form>
<p id="status" role="status">The search needs JavaScript; each page has its contents without.</p>
<ol id="found"></ol>
<script type="application/json" id="sections">${json}</script>`,
    style,
    ownScript: script,
    footer: made,
  });
}
