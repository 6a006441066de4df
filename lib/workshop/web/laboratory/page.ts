// The laboratory's page as HTML.

import { wholePage } from "../../pages/page.ts";
import { appBar, notStarted, type PageNotes } from "../frame.ts";
import { appStyle } from "../style.ts";

/**
 * The page on which two designs train side by side.
 *
 * @param notes What stands at its foot.
 * @returns HTML; what computes is a module beside it.
 */
export async function laboratoryPage({ made }: PageNotes): Promise<string> {
  return await wholePage({
    title: "normkit laboratory",
    description: "Two Transformer designs train side by side in your browser.",
    bar: appBar("laboratory.html"),
    module: "app/laboratory.js",
    main: `<h1>Laboratory</h1>
<p class="intro">Two designs learn the same text, batch by batch and from the same seed, in your browser. Choose how sub-layers join
the stream, the norm and the rate, and watch where the stream grows and where the gradient goes. The address of this page holds
your choices: copy it to share them.</p>
<div id="laboratory"><p class="status">${notStarted}</p></div>`,
    style: appStyle,
    footer: made,
  });
}
