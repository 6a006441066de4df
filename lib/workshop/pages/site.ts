/**
 * The static edition: a page for each notebook, and one that lists them. Nothing is loaded from elsewhere.
 */
import { dirname, join } from "node:path/posix";
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
  /** Its page's name without the ending, such as `00_start_here`. */
  readonly name: string;
  /** Where its file lies from the notebooks' folder, such as `guides/kernels.md`; in that folder, as a notebook, by default. */
  readonly path?: string;
  /** The notebook, executed. */
  readonly notebook: Notebook;
}

/** What computes on the pages of notebooks. */
export interface LiveParts {
  /** What stands below a picture, as HTML; mostly nothing. */
  below(picture: Picture): string;
  /** The address of the module that makes it compute. */
  readonly module: string;
  /** The style of what they show. */
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
  /** Pages of Markdown beside the notebooks. */
  readonly guides?: readonly SiteNotebook[];
  /** Pages of Markdown about the project, to which the others link. */
  readonly documents?: readonly SiteNotebook[];
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
  const { apps = [], trials = {}, guides = [], documents = [], live } = options;
  const all = [...notebooks, ...guides, ...documents].map(({ name }) => name);
  if (notebooks.length === 0 || new Set([...all, "index"]).size <= all.length) {
    throw new RangeError(
      `Cannot build a site of the notebooks [${
        all.join(", ")
      }]: at least one, each once, none named index`,
    );
  }
  const rewrite = siteAddress([...notebooks, ...guides, ...documents], options.source);
  const rendered = (list: readonly SiteNotebook[]) =>
    list.map((page) => ({
      name: page.name,
      address: pageAddress(page.name),
      rendered: renderNotebook(page.notebook, fromFile(pathOf(page), rewrite), live?.below),
    }));
  const pages = rendered(notebooks);
  const [guidePages, documentPages] = [rendered(guides), rendered(documents)];
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
  for (const { name, rendered } of documentPages) {
    files.set(`${name}.html`, await renderedPage(rendered, { top, footer: options.made }));
  }
  files.set(
    "index.html",
    await indexPage(pages, {
      ...options,
      ...{ guides: guidePages, documents: documentPages, top, rewrite },
    }),
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

/** Where a page's file lies from the notebooks' folder. */
const pathOf = ({ name, path = `${name}.ipynb` }: Omit<SiteNotebook, "notebook">): string => path;

/** The addresses of a file, which may lie in another folder than the notebooks. */
function fromFile(file: string, rewrite: Rewrite): Rewrite {
  return (given) => {
    const address = given.trim();
    return rewrite(isOfFile(address) ? join(dirname(file), address) : address);
  };
}

/**
 * Addresses of the edition from those in notebooks: that of a file with a page is its page, another file lies where the source is.
 *
 * @param pages The pages of the edition.
 * @param source Where the notebooks' folder lies, as an address.
 * @returns What turns an address in a notebook into one in the edition.
 */
export function siteAddress(
  pages: readonly Omit<SiteNotebook, "notebook">[],
  source: string,
): Rewrite {
  const addresses = new Map(
    pages.flatMap((page) =>
      [pathOf(page), encodeURI(pathOf(page))].map((path) => [path, page.name] as const)
    ),
  );
  const isFolder = isOfFile(source);
  return (given) => {
    const address = given.trim();
    if (!isOfFile(address)) return address;
    const [path = "", fragment] = address.replace(/^\.\//, "").split(/(#.*)/s, 2);
    const name = addresses.get(path);
    if (name !== undefined) return `${pageAddress(name)}${fragment ?? ""}`;
    const there = isFolder ? join(source, path) : `${source.replace(/\/$/, "")}/${path}`;
    return `${there}${fragment ?? ""}`;
  };
}

/** The address of a notebook's page, from the pages beside it. */
function pageAddress(name: string): string {
  return `${encodeURIComponent(name)}.html`;
}
