// The page that converts, as HTML.

import { wholePage } from "../../pages/page.ts";
import { appBar, notStarted, type PageNotes } from "../frame.ts";
import { appStyle } from "../style.ts";

/**
 * The page on which a checkpoint is converted.
 *
 * @param notes What stands at its foot.
 * @returns HTML; what computes is a module beside it.
 */
export async function convertPage({ made }: PageNotes): Promise<string> {
  return await wholePage({
    title: "Convert a checkpoint",
    description: "Convert a Transformer between LayerNorm and RMSNorm in your browser, losslessly.",
    bar: appBar("convert.html"),
    module: "app/convert.js",
    main: `<h1>Convert a checkpoint</h1>
<p class="intro">Pre-LN to Pre-RMSNorm, to Pre-CRMSNorm and back, without changing what the model computes; a certificate compares
both. Your files stay on this machine: this page may reach no other host, and its own server gets nothing.</p>
<section id="place" aria-label="Files">
<p>Drop the folder of a model here: config.json and safetensors files.</p>
<label class="button">Pick a folder<input type="file" webkitdirectory></label>
<label class="button">Pick files<input type="file" multiple></label>
</section>
<div class="notes" role="alert"></div>
<p class="status" role="status">${notStarted}</p>
<section id="opened" aria-labelledby="opened-title" hidden>
<h2 id="opened-title">The model</h2>
<pre id="inspection" tabindex="0"></pre>
<ul class="offers"></ul>
</section>
<section id="converted" aria-labelledby="converted-title" hidden>
<h2 id="converted-title">The converted model</h2>
<p>Save these files into one folder:</p>
<ul id="downloads"></ul>
<p><button type="button" class="button" id="save-all" hidden>Save all into a folder</button></p>
<h3>Certificate</h3>
<pre id="certificate" tabindex="0"></pre>
</section>`,
    style: appStyle,
    footer: made,
  });
}
