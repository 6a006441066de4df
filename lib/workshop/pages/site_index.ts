/**
 * The first page of the static edition: what each notebook is about, with its first chart.
 */
import { renderMarkdown } from "./markdown.ts";
import { barHtml, type PageLink, wholePage } from "./page.ts";
import { type Picture, renderImage } from "./pictures.ts";
import type { RenderedNotebook } from "./render.ts";
import type { Rewrite } from "./sanitize.ts";

const style = `
main { max-width: 72rem; }
.layout { display: block; }
.layout main { margin: 0 auto; }
.intro { max-width: 46rem; font-size: 1.1rem; }
.notebooks { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1.5rem; list-style: none; margin: 2rem 0; padding: 0; }
.notebooks li { position: relative; display: flex; flex-direction: column; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; background: var(--box); }
.notebooks li:hover { border-color: var(--accent); }
.notebooks :is(h2, h3) { margin: 0; padding: 0; border: 0; font-size: 1.1rem; }
.notebooks :is(h2, h3) a { color: inherit; text-decoration: none; }
.notebooks :is(h2, h3) a::after { content: ""; position: absolute; inset: 0; }
.notebooks .words { padding: 1rem 1.1rem 1.2rem; font-size: .95rem; line-height: 1.5; }
.notebooks p { margin: .5rem 0 0; color: var(--soft); }
.thumb { position: relative; order: -1; flex: none; overflow: hidden; aspect-ratio: 16 / 10; background: #fff; border-bottom: 1px solid var(--line); }
.thumb::after { content: ""; position: absolute; inset: 0; background: var(--shade); }
.thumb img { position: absolute; width: 100%; height: 100%; object-fit: contain; }
.thumb.tall img { height: auto; }
.results table { font-size: .85rem; }
.results td:first-child { white-space: nowrap; }
@media print { .notebooks li { break-inside: avoid; } }
`;

/** A page that the list leads to. */
export interface ListedPage {
  /** Where it is. */
  readonly address: string;
  /** What is on it. */
  readonly rendered: RenderedNotebook;
}

const isTall = ({ size: [width, height] = [1, 1] }: Picture): boolean => height > width;

function card(
  { address, rendered: { titleHtml, lead, pictures } }: ListedPage,
  heading: "h2" | "h3",
): string {
  const first = pictures.find((one) => !isTall(one)) ?? pictures[0];
  const alternative = `Chart: ${first?.alternative.split("\n")[0]}`;
  const thumb = first === undefined
    ? ""
    : `\n<div class="thumb${isTall(first) ? " tall" : ""}">${
      renderImage({ ...first, alternative })
    }</div>`;
  return `<li><div class="words"><${heading}><a href="${address}">${titleHtml}</a></${heading}>
${lead.map((html) => `<p>${html}</p>`).join("\n")}</div>${thumb}</li>`;
}

/** Guides, the way to every public name, and pages about the project. */
function guidesSection(
  guides: readonly ListedPage[],
  reference: readonly PageLink[],
  documents: readonly ListedPage[],
): string {
  if (guides.length === 0) return "";
  const others = documents.map(({ address, rendered: { titleHtml } }) =>
    `<a href="${address}">${titleHtml}</a>`
  );
  const about = others.length === 0 ? "" : `
<p>About the project: ${others.join(", ")}.</p>`;
  const links = reference.map(({ address, html }) => `<a href="${address}">${html}</a>`);
  const names = links.length === 0 ? "" : `
<p>Every public name, by the entry point that exports it: ${links.join(", ")}.</p>`;
  return `
<section aria-labelledby="guides">
<h2 id="guides">Guides and reference</h2>
<ul class="notebooks">
${guides.map((guide) => card(guide, "h3")).join("\n")}
</ul>${names}${about}
</section>`;
}

/**
 * The page that lists the notebooks.
 *
 * @param pages The notebooks' pages in order.
 * @param options How the edition was made, Markdown on results, guides and the reference, the pages that the top line names, and how links are rewritten.
 * @returns HTML with everything inside.
 */
export async function indexPage(
  pages: readonly ListedPage[],
  options: {
    readonly made: string;
    readonly results?: string;
    readonly guides?: readonly ListedPage[];
    readonly reference?: readonly PageLink[];
    readonly documents?: readonly ListedPage[];
    readonly top: readonly PageLink[];
    readonly rewrite: Rewrite;
  },
): Promise<string> {
  const { made, results = "", top, rewrite } = options;
  const cards = pages.map((page) => card(page, "h2"));
  const found = results === "" ? "" : `
<section class="results" aria-labelledby="what-reproduces">
<h2 id="what-reproduces">What reproduces</h2>
${renderMarkdown(results, rewrite)}
</section>`;
  return await wholePage({
    title: "normkit notebooks",
    description: "Transformer normalization and residual design, side by side and exact.",
    bar: barHtml(top, "index.html"),
    main: `<h1>normkit notebooks</h1>
<p class="intro">Transformer normalization and residual design, side by side: each paper's claim, its equations, the library's
code, a check of every step, and what reproduces on two CPU cores. Charts show their values under the pointer, under a finger,
and by arrow keys.</p>
<ol class="notebooks">
${cards.join("\n")}
</ol>${
      guidesSection(options.guides ?? [], options.reference ?? [], options.documents ?? [])
    }${found}`,
    style,
    footer: made,
  });
}
