// The static edition as text: pages that know each other, anchors, values beside pictures, nothing from elsewhere.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseHTML } from "linkedom";
import { buildSite, siteAddress } from "../../../../lib/workshop/pages/site.ts";
import { notebookPage } from "../../../../lib/workshop/pages/page.ts";
import type { Output } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { mathStyle, renderMath } from "../../../../lib/workshop/pages/formulas.ts";
import { headScript, pageScript, tipScript } from "../../../../lib/workshop/pages/page_script.ts";
import { code, notebook, prose } from "../jupyter/notebooks.ts";

const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
const marks = {
  size: [640, 400],
  x: "Step",
  y: "Loss",
  series: [{ name: "</script><b>", points: "1|2|3|4" }],
};

function picture(more: Record<string, unknown> = {}): Output {
  return {
    output_type: "display_data",
    data: { "image/png": png, "text/plain": "A finding\nPre-LN: 2.5", ...more },
    metadata: { "image/png": { width: 640, height: 400 } },
  };
}

const withMarks = { "application/vnd.normkit.marks+json": marks };
const first = notebook(
  prose("# One $x^2$\n\nWhat *it* is [about](02_b.ipynb).\n\nMore."),
  prose("## Setting\n\n## Setting\n\n### The `code`, in full\n\n[next](02_b.ipynb#cell-id=c)"),
  { ...code("draw();"), id: "chart", outputs: [picture(withMarks)] },
);
const second = notebook(
  prose(
    "# Two\n\n_A, B: [Title](https://arxiv.org). 2023_\n\nSecond. [Proof](proofs/Norms.v) [up](../README.md) [web](https://arxiv.org)",
  ),
  { ...code("draw();"), id: "c", outputs: [picture()] },
);
const site = await buildSite(
  [{ name: "01_a", notebook: first }, { name: "02_b", notebook: second }],
  { source: "../../notebooks", made: "Made by a test.", results: "[seen](01_a.ipynb#cell-id=c)" },
);
const pages = new Map([...site].map(([file, html]) => [file, parseHTML(html).document]));
const page = (file: string): Document => pages.get(file) as unknown as Document;
const links = (root: Document, selector: string): (string | null)[] =>
  [...root.querySelectorAll(selector)].map((link) => link.getAttribute("href"));

Deno.test("buildSite() makes a page for each notebook, and one that lists them", () => {
  assertEquals([...site.keys()], ["01_a.html", "02_b.html", "index.html"]);
  for (const html of site.values()) {
    assert(!/(?:src|href)="https?:(?!\/\/arxiv)|@import|url\((?!data:)/.test(html));
    assertStringIncludes(html, "Made by a test.");
  }
});

Deno.test("the pages of a site know each other", () => {
  assertEquals(links(page("01_a.html"), ".pager a"), ["02_b.html"]);
  assertEquals(links(page("02_b.html"), ".pager a"), ["01_a.html"]);
  assertEquals(links(page("01_a.html"), ".bar a"), ["index.html"]);
});

Deno.test("the list has title, first paragraph and first chart of each notebook", () => {
  const root = page("index.html");
  const cards = [...root.querySelectorAll(".notebooks li")];
  assertEquals(links(root, ".notebooks h2 a"), ["01_a.html", "02_b.html"]);
  assertEquals(cards.map((card) => card.querySelector("img")?.getAttribute("alt")), [
    "Chart: A finding",
    "Chart: A finding",
  ]);
  assertStringIncludes(cards[0]!.querySelector("p")!.innerHTML, "What <em>it</em> is about.");
  assert(cards[0]!.querySelector("h2 .katex") !== null);
  assertEquals([...cards[1]!.querySelectorAll("p")].map(({ textContent }) => textContent), [
    "A, B: Title. 2023",
    "Second. Proof up web",
  ]);
  assertEquals(links(root, ".results a"), ["01_a.html#cell-id=c"]);
});

Deno.test("headings have GitHub's anchors, cells those of JupyterLab, and contents list them", () => {
  const root = page("01_a.html");
  const ids = ["setting", "setting-1", "the-code-in-full"];
  assertEquals(
    [...root.querySelectorAll(".cell :is(h2, h3)")].map((heading) => heading.getAttribute("id")),
    ids,
  );
  assertEquals(links(root, ".contents a"), ids.map((id) => `#${id}`));
  assert(root.getElementById("cell-id=chart") !== null);
  assert(page("02_b.html").querySelector(".contents") === null, "too short for contents");
});

Deno.test("links between notebooks become links between pages, others lead to the source", () => {
  assertStringIncludes(site.get("01_a.html")!, 'href="02_b.html#cell-id=c"');
  const hrefs = links(page("02_b.html"), ".cell p a");
  assertEquals(hrefs.slice(1), [
    "../../notebooks/proofs/Norms.v",
    "../../README.md",
    "https://arxiv.org",
  ]);
  const address = siteAddress([{ name: "a" }], "https://example.org/x/");
  for (
    const [from, to] of [
      ["#here", "#here"],
      ["/root", "/root"],
      ["mailto:a@b", "mailto:a@b"],
      ["./a.ipynb", "a.html"],
      ["b.ipynb", "https://example.org/x/b.ipynb"],
    ] as const
  ) assertEquals(address(from), to);
});

Deno.test("pages are found by any name of a notebook, and no name leaves its attribute", async () => {
  const names = ['a"b <c>', "d & ü (1)"];
  const files = await buildSite(
    names.map((name) => ({ name, notebook: first })),
    { source: "..", made: "" },
  );
  const addresses = names.map((name) => `${encodeURIComponent(name)}.html`);
  const list = parseHTML(files.get("index.html")!).document as unknown as Document;
  assertEquals(links(list, ".notebooks h2 a"), addresses);
  const page = parseHTML(files.get(`${names[0]}.html`)!).document as unknown as Document;
  assertEquals(links(page, ".pager a"), [addresses[1]!]);
  const address = siteAddress(names.map((name) => ({ name })), "..");
  for (const link of ["d & ü (1).ipynb", "d%20&%20%C3%BC%20(1).ipynb", " ./d & ü (1).ipynb"]) {
    assertEquals(address(`${link}#e`), `${addresses[1]}#e`);
  }
});

Deno.test("a chart with values carries them as data that cannot end its element", () => {
  const card = page("01_a.html").querySelector(".card")!;
  assertEquals(card.getAttribute("tabindex"), "0");
  assertStringIncludes(card.getAttribute("aria-label")!, "Chart: A finding. Arrow keys");
  assertEquals(JSON.parse(card.querySelector("script")!.textContent!), marks);
  assertEquals(card.querySelector("img")!.getAttribute("width"), "640");
  assert(!site.get("01_a.html")!.includes("</script><b>"));
});

Deno.test("a page says where charts have no values", () => {
  assert(page("02_b.html").querySelector(".card[tabindex]") === null);
  assertStringIncludes(site.get("02_b.html")!, "executing it anew adds them");
  assert(!site.get("01_a.html")!.includes("executing it anew adds them"));
});

Deno.test("an SVG with values shows as a picture without them", async () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" aria-label="a &amp; b" width="4" height="3">\n' +
    "<metadata>{}</metadata>\n</svg>";
  const html = await notebookPage(notebook({
    ...code("draw();"),
    outputs: [picture({ "image/svg+xml": svg, "text/plain": "a & b\nwords", ...withMarks })],
  }));
  const image = parseHTML(html).document.querySelector(".card img")!;
  const [, text = ""] = image.getAttribute("src")!.split("base64,");
  assertEquals(atob(text), svg.replace("<metadata>{}</metadata>\n", ""));
  assertEquals(image.getAttribute("alt"), "a & b\nwords");
});

Deno.test("scripts are small, and each stands in a page once", () => {
  assert(tipScript.length < 4500, `${tipScript.length}`);
  assert(headScript.length + pageScript.length < 3500);
  for (const html of site.values()) {
    assertEquals(html.split(headScript).length, 2);
    assertEquals(html.split(pageScript).length, 2);
  }
  assertEquals(site.get("01_a.html")!.split(tipScript).length, 2);
  assertEquals(site.get("index.html")!.split(tipScript).length, 1);
});

Deno.test("mathStyle() holds the fonts that formulas need and no rare ones besides", async () => {
  const plain = await mathStyle(renderMath("x + \\sqrt{y}", true));
  const rare = await mathStyle(renderMath("\\mathbb{R} \\mathcal{L}", true));
  const families = (css: string): Set<string> =>
    new Set(
      [...css.matchAll(/@font-face\{[^}]*?font-family:"?KaTeX_(\w+)/g)].map(([, name]) => name!),
    );
  assertEquals([...families(rare).difference(families(plain))].sort(), ["AMS", "Caligraphic"]);
  for (const family of ["Main", "Math", "Size1"]) assert(families(plain).has(family), family);
  assert(!/url\((?!data:)/.test(plain + rare));
});

Deno.test("buildSite() puts guides beside the notebooks, whose links lead to and from them", async () => {
  const guide = notebook(
    prose(
      "# Which?\n\nSee [one](../01_a.ipynb#cell-id=c), [other](other.md), [why](../../DESIGN.md#a), [web](https://x.org/a/../b).",
    ),
  );
  const files = await buildSite(
    [{ name: "01_a", notebook: notebook(prose("# One\n\n[which](guides/which.md#b)")) }],
    {
      source: "../notebooks",
      made: "Made.",
      guides: ["which", "other"].map((name) => ({
        ...{ name, path: `guides/${name}.md`, notebook: guide },
      })),
      reference: [{ address: "api/index.html", html: "all" }],
    },
  );
  const document = (file: string) => parseHTML(files.get(file)!).document as unknown as Document;
  assertEquals(links(document("which.html"), ".cell p a"), [
    "01_a.html#cell-id=c",
    "other.html",
    "../DESIGN.md#a",
    "https://x.org/a/../b",
  ]);
  assertEquals(links(document("01_a.html"), ".cell p a"), ["which.html#b"]);
  const listed = links(document("index.html"), "section a");
  assertEquals(listed, ["which.html", "other.html", "api/index.html"]);
});

Deno.test("buildSite() refuses no notebooks, and two of one name", async () => {
  const options = { source: "..", made: "" };
  await assertRejects(() => buildSite([], options), RangeError, "at least one");
  const one = { name: "a", notebook: first };
  await assertRejects(() => buildSite([one, one], options), RangeError, "each once");
  const index = { name: "index", notebook: first };
  await assertRejects(() => buildSite([index], options), RangeError, "none named index");
});
