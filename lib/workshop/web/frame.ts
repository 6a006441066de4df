// What pages that compute have in common: the way to each other.

import { barHtml, type PageLink } from "../pages/page.ts";

/** What stands at the foot of a page. */
export interface PageNotes {
  /** How it was made, in a sentence. */
  readonly made: string;
}

/** The pages that compute, and the gallery. */
export const appPages: readonly PageLink[] = [
  { address: "laboratory.html", html: "Laboratory" },
  { address: "figures.html", html: "Figures" },
  { address: "gallery.html", html: "Gallery" },
  { address: "convert.html", html: "Convert a checkpoint" },
];

/** The page that searches all others. */
export const searchLink: PageLink = { address: "search.html", html: "Search" };

/**
 * The top line of one of these pages.
 *
 * @param address The page's own address.
 * @returns HTML.
 */
export const appBar = (address: string): string =>
  barHtml([{ address: "index.html", html: "normkit notebooks" }, ...appPages, searchLink], address);

/**
 * Where the laboratory opens with choices made.
 *
 * @param choices Values by the names of choices: one for both designs, or one for each.
 * @returns An address beside the pages.
 */
export function laboratoryAddress(choices: Readonly<Record<string, string>>): string {
  const query = Object.entries(choices).map(([name, values]) => `${name}=${values}`);
  return `laboratory.html?${query.join("&")}`;
}

/** What stands on a page until its module runs; opened as a file, that never comes. */
export const notStarted =
  `This page has not started. It needs JavaScript, and a file server: browsers run no modules of a page that is opened as a file. ` +
  `Any server will do, such as python3 -m http.server in the folder of the pages.`;
