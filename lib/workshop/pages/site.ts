/**
 * The static edition: a page for each notebook, and one that lists them. Nothing is loaded from elsewhere.
 */
import { join } from "node:path/posix";
import { joined, type Notebook } from "../jupyter/notebook_file.ts";
import { bibtex, citationHtml } from "./citations.ts";
import { escapeHtml } from "./html.ts";
import { type PageLink, type PageOptions, renderedPage } from "./page.ts";
import type { Picture } from "./pictures.ts";
import { type RenderedNotebook, renderNotebook } from "./render.ts";
import type { Rewrite } from "./sanitize.ts";
import { indexPage, type ListedPage } from "./site_index.ts";

/** A notebook of the edition, or a guide as one of a single cell. */
export interface SiteNotebook {
  /** Its file's name without the ending, such as `00_start_here`. */
  readonly name: string;
  /** The notebook, executed. */
  readonly notebook: Notebook;
}

/** What computes on the pages of notebooks. */
export interface LiveParts {
  /** What stands below a picture, as HTML; mostly nothing. */
  below(picture: Picture): string;
  /** The address of the module that makes it compute. */
  readonly module: string;
  /** Its style. */
  readonly style: string;
}

/** What the edition says besides the notebooks. */
export interface SiteOptions {
  /** Where the notebooks' folder lies, as an address: links to other files of the project start there. */
  readonly source: string;
  /** How the edition was made, in a sentence. */
  readonly made: string;
  /** Markdown for the list's page, such as a table of claims; its links are addresses as in a notebook. */
  readonly results?: string;
  /** Pages of Markdown in the folder `guides` beside the notebooks. */
  readonly guides?: readonly SiteNotebook[];
  /** The pages of public names, one for each entry point. */
  readonly reference?: readonly PageLink[];
  /** Makes files of all pages together, such as one that searches them; none by default. */
  readonly ofAll?: (pages: readonly ListedPage[]) => Promise<ReadonlyMap<string, string>>;
  /** Pages that compute, beside those of the notebooks. */
  readonly apps?: readonly PageLink[];
  /** What of a notebook can be tried on those pages, by the notebook's name. */
  readonly trials?: Readonly<Record<string, readonly PageLink[]>>;
  /** What computes on the notebooks' own pages; nothing by default. */
  readonly live?: LiveParts;
}

/** What stands at the end of a page of which a chart has no values. */
const withoutTips =
  "Charts on this page without values under the pointer carry none in their notebook; executing it anew adds them.";

/**
 * Builds the edition.
 *
 * @param notebooks The notebooks in their order.
 * @param options What it says besides.
 * @returns The text of each file by its name; `index.html` is the list.
 * @throws {RangeError} If there are no notebooks, or two have one name.
 */
export async function buildSite(
  notebooks: readonly SiteNotebook[],
  options: SiteOptions,
): Promise<Map<string, string>> {
  const { apps = [], trials = {}, guides = [], live } = options;
  const names = notebooks.map(({ name }) => name);
  const guideNames = guides.map(({ name }) => name);
  const all = [...names, ...guideNames];
  if (names.length === 0 || new Set([...all, "index"]).size <= all.length) {
    throw new RangeError(
      `Cannot build a site of the notebooks [${
        all.join(", ")
      }]: at least one, each once, none named index`,
    );
  }
  const rewrite = siteAddress(names, options.source, guideNames);
  const rendered = (list: readonly SiteNotebook[], rewrite: Rewrite) =>
    list.map(({ name, notebook }) => ({
      name,
      address: pageAddress(name),
      rendered: renderNotebook(notebook, rewrite, live?.below),
    }));
  const pages = rendered(notebooks, rewrite);
  const guidePages = rendered(guides, fromGuides(rewrite));
  const top = [{ address: "index.html", html: "normkit notebooks" }, ...apps];
  const files = new Map<string, string>();
  for (const [index, { name, rendered }] of pages.entries()) {
    files.set(
      `${name}.html`,
      await renderedPage(rendered, {
        top,
        trials: trials[name] ?? [],
        ...(live !== undefined && rendered.pictures.some((one) => live.below(one) !== "")
          ? { live }
          : {}),
        underTitle: runHtml(name),
        end: citationHtml(bibtex(pageText(notebooks[index]!.notebook), rendered.title)),
        ...around(pages, index),
        footer: footerOf(rendered, options.made),
      }),
    );
  }
  for (const [index, { name, rendered }] of guidePages.entries()) {
    const { made: footer } = options;
    files.set(
      `${name}.html`,
      await renderedPage(rendered, { top, footer, ...around(guidePages, index) }),
    );
  }
  files.set(
    "index.html",
    await indexPage(pages, { ...options, guides: guidePages, top, rewrite }),
  );
  for (const [file, text] of await options.ofAll?.([...pages, ...guidePages]) ?? []) {
    files.set(file, text);
  }
  return files;
}

/** The pages before and behind one. */
function around(
  pages: readonly ListedPage[],
  index: number,
): Pick<PageOptions, "previous" | "next"> {
  const linkTo = (page: ListedPage): PageLink => ({
    address: page.address,
    html: page.rendered.titleHtml,
  });
  const [previous, next] = [pages[index - 1], pages[index + 1]];
  return {
    ...(previous === undefined ? {} : { previous: linkTo(previous) }),
    ...(next === undefined ? {} : { next: linkTo(next) }),
  };
}

/** How a reader runs a notebook. */
function runHtml(name: string): string {
  return `<p class="run">To run it in JupyterLab, in a checkout of the repository: <code>deno task lab ${
    escapeHtml(name)
  }</code> · <a href="#page:cite">Cite</a></p>`;
}

/** The prose of a notebook. */
const pageText = ({ cells }: Notebook): string =>
  cells.filter((cell) => cell.cell_type === "markdown").map(({ source }) => joined(source)).join(
    "\n",
  );

function footerOf({ pictures }: RenderedNotebook, made: string): string {
  return pictures.every(({ marks }) => marks !== undefined) ? made : `${made} ${withoutTips}`;
}

/** Whether an address is of a file, and not of the web or of a place on the same page. */
const isOfFile = (address: string): boolean => !/^(?:[a-z][a-z\d+.-]*:|#|\/)/i.test(address);

/** The addresses of guides, which lie in a folder below the notebooks'. */
function fromGuides(rewrite: Rewrite): Rewrite {
  return (given) => {
    const address = given.trim();
    return rewrite(isOfFile(address) ? join("guides", address) : address);
  };
}

/**
 * Addresses of the edition from those in notebooks: another notebook or a guide is its page, another file lies where the source is.
 *
 * @param names The notebooks of the edition.
 * @param source Where the notebooks' folder lies, as an address.
 * @param guides The pages of the folder `guides`.
 * @returns What turns an address in a notebook into one in the edition.
 */
export function siteAddress(
  names: readonly string[],
  source: string,
  guides: readonly string[] = [],
): Rewrite {
  const addresses = new Map([
    ...names.flatMap((name) => [name, encodeURI(name)].map((path) => [`${path}.ipynb`, name])),
    ...guides.map((name) => [`guides/${name}.md`, name]),
  ] as [string, string][]);
  return (given) => {
    const address = given.trim();
    if (!isOfFile(address)) return address;
    const [path = "", fragment] = address.replace(/^\.\//, "").split(/(#.*)/s, 2);
    const name = addresses.get(path);
    if (name !== undefined) return `${pageAddress(name)}${fragment ?? ""}`;
    return `${source.replace(/\/$/, "")}/${path}${fragment ?? ""}`;
  };
}

/** The address of a notebook's page, from the pages beside it. */
function pageAddress(name: string): string {
  return `${encodeURIComponent(name)}.html`;
}
