// The laboratory's page as HTML.

import { wholePage } from "../../pages/page.ts";
import { appBar, notStarted, type PageNotes } from "../frame.ts";
import { appStyle } from "../style.ts";
import { choicesHtml } from "./form.ts";

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
<form id="choices" novalidate>
${choicesHtml()}
<p class="actions"><button type="submit">Start</button><button type="button" id="stop" disabled>Stop</button></p>
</form>
<div id="notes" role="alert"></div>
<p id="status" role="status">${notStarted}</p>
<section id="results" aria-labelledby="results-title" hidden>
<h2 id="results-title">What is seen</h2>
<div class="charts">
<figure class="chart" id="loss"></figure>
<figure class="chart" id="variance"></figure>
<figure class="chart" id="gradient"></figure>
<div class="scroll"><table><thead><tr><th scope="col">Number</th><th scope="col">Design A</th><th scope="col">Design B</th></tr></thead>
<tbody id="numbers"></tbody></table>
<p><a class="button" id="save" download="normkit-laboratory.json" hidden>Save the numbers</a></p></div>
</div>
</section>`,
    style: appStyle,
    footer: made,
  });
}
