// The search over all pages, in the browser: it is made of the words that the page carries, and asks nobody.

import MiniSearch from "minisearch";
import type { SearchEntry } from "../../pages/search_entries.ts";
import { excerptOf } from "./excerpt.ts";

/** The most sections that are shown. */
const most = 40;

const element = <Kind extends HTMLElement>(id: string): Kind =>
  document.getElementById(id) as unknown as Kind;

const entries: SearchEntry[] = JSON.parse(element("sections").textContent!);
const search = new MiniSearch<SearchEntry>({
  fields: ["title", "text", "page"],
  tokenize: (text) => text.split(/[^\p{L}\p{N}]+/u), // signs of formulas part words too
  searchOptions: {
    boost: { title: 3, page: 2 },
    prefix: (term) => term.length > 2,
    fuzzy: (term) => term.length > 5 ? 0.15 : false,
  },
});
search.addAll(entries.map((entry, id) => ({ ...entry, id })));

/** A section in the list of those found. */
function itemOf({ address, page, title, text }: SearchEntry, terms: readonly string[]): Node {
  const item = document.createElement("li");
  const link = item.appendChild(document.createElement("a"));
  link.href = address;
  link.textContent = title === "" ? page : title;
  const of = item.appendChild(document.createElement("small"));
  of.textContent = page;
  const words = item.appendChild(document.createElement("p"));
  for (const { text: part, isFound } of excerptOf(text, terms)) {
    words.append(
      isFound ? Object.assign(document.createElement("mark"), { textContent: part }) : part,
    );
  }
  return item;
}

function show(query: string): void {
  const all = search.search(query, { combineWith: "AND" });
  const found = all.length > 0 ? all : search.search(query);
  const shown = found.slice(0, most);
  const count = `${found.length} section${found.length === 1 ? "" : "s"}`;
  element("status").textContent = query.trim() === ""
    ? ""
    : found.length === 0
    ? `Nothing has ${query}`
    : shown.length < found.length
    ? `${count}, the first ${most}:`
    : `${count}:`;
  element("found").replaceChildren(
    ...shown.map(({ id, terms }) => itemOf(entries[id]!, terms)),
  );
}

const input = element<HTMLInputElement>("query");
input.value = new URLSearchParams(location.search).get("q") ?? "";
input.oninput = () => {
  show(input.value);
  const address = new URL(location.href);
  address.search = input.value === "" ? "" : `q=${encodeURIComponent(input.value)}`;
  try {
    history.replaceState(null, "", address); // so that the way back leads to what was found
  } catch { /* a page that is opened as a file keeps its address */ }
};
element("form").onsubmit = (event) => event.preventDefault();
element("form").hidden = false;
element("status").textContent = "";
show(input.value);
