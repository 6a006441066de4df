// The gallery: every residual variant on a card, drawn from its own equations.

import { marksType, readMarks } from "../../../plots/marks.ts";
import { wiringDiagram } from "../../../plots/mod.ts";
import { findResidual, type Residual, residuals } from "../../../residual/mod.ts";
import { setFormula } from "../../pages/formulas.ts";
import { escapeHtml } from "../../pages/html.ts";
import { wholePage } from "../../pages/page.ts";
import { pictureOf, renderPicture } from "../../pages/pictures.ts";
import { appBar, laboratoryAddress, type PageNotes } from "../frame.ts";
import { appStyle } from "../style.ts";
import { gpasWords, type VariantWords, variantWords } from "./words.ts";

/** A variant's drawing, whose parts say what they are. */
function drawing(residual: Residual): string {
  const { svg, description } = wiringDiagram(residual);
  const data = { "image/svg+xml": svg, "text/plain": description, [marksType]: readMarks(svg) };
  return renderPicture(pictureOf(data, {})!);
}

/** The design that a variant is compared with in the laboratory. */
const besides = (id: string): string => id === "pre-ln" ? "post-ln" : "pre-ln";

/** What differs between GPAS on a sum and on a shortcut is seen on these. */
const gated = ["pre-ln", "deep-norm"];

interface Card {
  readonly title: string;
  readonly source: string;
  readonly body: string;
  readonly words: VariantWords;
  /** Where it is opened in the laboratory. */
  readonly address: string;
}

function cardHtml({ title, source, body, words, address }: Card): string {
  return `<li><h2>${escapeHtml(title)}</h2>
<p class="source">${escapeHtml(source)}</p>
${body}
<dl><dt>Cures</dt><dd>${escapeHtml(words.cures)}</dd><dt>Costs</dt><dd>${
    escapeHtml(words.costs)
  }</dd></dl>
<p><a class="button" href="${escapeHtml(address)}">Try ${
    escapeHtml(title)
  } in the laboratory</a></p></li>`;
}

const variantCard = (residual: Residual): Card => ({
  title: residual.label,
  source: residual.source,
  body: `${setFormula(residual.equation, true)}\n${drawing(residual)}`,
  words: variantWords[residual.id]!,
  address: laboratoryAddress({ variant: `${besides(residual.id)},${residual.id}` }),
});

const gpasCard = (): Card => ({
  title: "GPAS",
  source: "Chen et al. 2025 (GPAS)",
  body: gated.map((id) => drawing(findResidual(`${id}+gpas`))).join("\n"),
  words: gpasWords,
  address: laboratoryAddress({ variant: "pre-ln", gpas: "no,yes" }),
});

/**
 * The page of all variants.
 *
 * @param notes What stands at its foot.
 * @returns HTML with everything inside.
 */
export async function galleryPage({ made }: PageNotes): Promise<string> {
  const cards = [...residuals.map(variantCard), gpasCard()];
  return await wholePage({
    title: "normkit gallery",
    description:
      "Every published way to join a sub-layer to the residual stream, drawn from its equation.",
    bar: appBar("gallery.html"),
    main: `<h1>Gallery</h1>
<p class="intro">Every way to join a sub-layer f, which is attention or a feed-forward network, to the residual stream x. The drawings
are made by running the library's own equations, so that they show what is trained; each term has the color of its part, and parts
say what they are under the pointer and by arrow keys. Constants are those of 8 layers.</p>
<ul class="gallery">
${cards.map(cardHtml).join("\n")}
</ul>`,
    style: appStyle,
    footer: made,
  });
}
