// Pages of a notebook that means harm, in a real browser: nothing of it runs, loads or leads astray, by the sanitizer alone and by
// the page's policy alone. Without Chromium on the machine the tests are ignored, by name; CI installs it.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { buildSite } from "../lib/workshop/pages/site.ts";
import { notebookPage } from "../lib/workshop/pages/page.ts";
import { wholePage } from "../lib/workshop/pages/page.ts";
import { chromium, inBrowser } from "./support/chromium.ts";
import { notebook, prose } from "./unit/workshop/jupyter/notebooks.ts";
import { beacon, hostileHtml, hostileNotebook } from "./support/hostile_notebook.ts";

const ignore = chromium === undefined;
const where = chromium ?? "no Chromium here";

/** A page whose policy allows everything. */
const withoutPolicy = (html: string): string =>
  html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");

/** The hosts that a page in the browser connects to, beside what the probe returns; each name leads to this machine. */
async function visited<Result>(
  html: string,
  probe: () => Result,
): Promise<{ found: Result; asked: boolean }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const first: Promise<string>[] = [];
  const accept = (async () => {
    for await (const connection of listener) {
      first.push((async () => {
        using open = connection;
        const bytes = new Uint8Array(4096);
        return new TextDecoder("latin1").decode(bytes.subarray(0, await open.read(bytes) ?? 0));
      })());
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const found = await inBrowser(html, { width: 1280, height: 900, everyHost: port }, probe);
  listener.close();
  await accept;
  // A request names its host; a connection that says nothing is the browser's, made before it asks the policy.
  return { found, asked: (await Promise.all(first)).some((text) => text.includes(beacon)) };
}

/** What has run; what stands there that could do harm. Runs in the browser. */
function look() {
  const all = [...document.querySelectorAll("*")];
  const inside = (element: Element, selector: string): boolean =>
    element.closest(selector) !== null;
  const main = document.getElementById("page:main")!;
  for (const card of document.querySelectorAll<HTMLElement>(".card[tabindex]")) {
    card.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  }
  return {
    ran: (globalThis as { __x?: string }).__x ?? (parent as { __x?: string }).__x ?? "",
    handlers: all.flatMap((element) => element.getAttributeNames())
      .filter((name) => /^on|^(?:srcset|ping|action|formaction|background|form)$/i.test(name)),
    elements: [
      ...new Set(
        [...main.querySelectorAll(
          "script:not(.card > [type='application/json']), style, link, meta, base, iframe, object, embed, form, input, textarea, " +
            "select, template, noscript, video, audio, math:not(.katex *), svg:not(.katex *), main main, [name]",
        )].map(({ localName }) => localName),
      ),
    ],
    links: [
      ...new Set(
        [...document.querySelectorAll<HTMLAnchorElement>(
          // values of a chart and citations, as the page itself writes them
          "a[href]:not(figcaption > [href^='data:text/csv;'], .cite [href^='data:application/x-bibtex;'])",
        )].map((link) =>
          /^\w+:/.exec(link.getAttribute("href")!)?.[0] ?? (link.host === "" ? "" : link.host)
        ),
      ),
    ].sort(),
    sources: [...document.querySelectorAll("[src]")].map((element) => element.getAttribute("src")!)
      .filter((source) => !/^data:image\/(?:png|svg\+xml)[;,]/.test(source)),
    styled: [...document.querySelectorAll("[style]")]
      .filter((element) => !inside(element, ".katex, .katex-error, .card")).length,
    base: document.baseURI,
    ids: [...document.querySelectorAll("[id^='page:']")].map(({ id }) => id),
    last: main.lastElementChild?.localName,
    shown: getComputedStyle(document.body).display,
  };
}

const pages = ignore ? new Map<string, string>() : new Map([
  ["page", await notebookPage(hostileNotebook, { footer: "</footer><script>1</script>" })],
  ...await buildSite(
    [{ name: `a"><img src=x onerror=1>`, notebook: hostileNotebook }, {
      name: "b",
      notebook: hostileNotebook,
    }],
    {
      source: "..",
      made: "<script>1</script>",
      results: ["| a |", "|---|", ...hostileHtml.map((html) => `| ${html} |`)].join("\n"),
    },
  ),
]);

for (const file of ["page", "b.html", "index.html"]) {
  Deno.test({
    name: `sanitizing alone makes ${file} of a hostile notebook harmless (${where})`,
    ignore,
    fn: async () => {
      const html = withoutPolicy(pages.get(file) ?? "");
      assertNotEquals(html, pages.get(file));
      const { found, asked } = await visited(html, look);
      const { links, last, ...rest } = found;
      assertEquals(rest, {
        ran: "",
        handlers: [],
        elements: [],
        sources: [],
        styled: 0,
        base: found.base,
        ids: file === "b.html" ? ["page:main", "page:cite"] : ["page:main"],
        shown: "block",
      });
      assert(!found.base.includes(beacon), found.base);
      assertEquals(links.filter((scheme) => !["", "http:", "https:"].includes(scheme)), []);
      assert(last === "footer" || last === "nav" || last === "div", last);
      assert(!asked, "the page asked another host");
    },
  });
}

Deno.test({
  name: `the policy alone keeps hostile HTML from running and loading (${where})`,
  ignore,
  fn: async () => {
    const html = await wholePage({ title: "t", main: hostileHtml.join("\n") });
    const { found, asked } = await visited(html, () => ({
      ran: (globalThis as { __x?: string }).__x ?? (parent as { __x?: string }).__x ?? "",
      base: document.baseURI,
    }));
    assertEquals(found.ran, "");
    assert(!found.base.includes(beacon), found.base);
    assert(!asked, "the page asked another host");
  },
});

Deno.test({
  name: `the hostile HTML runs and loads where nothing stops it (${where})`,
  ignore,
  fn: async () => {
    const html = await wholePage({ title: "t", main: hostileHtml.join("\n") });
    const { found, asked } = await visited(
      withoutPolicy(html),
      () => (globalThis as { __x?: string }).__x ?? (parent as { __x?: string }).__x ?? "",
    );
    for (const name of ["script", "onerror", "svg-onload", "srcdoc", "toggle"]) {
      assert(found.split(" ").includes(name), `${name} did not run: ${found}`);
    }
    assert(asked, "the beacon was not asked");
  },
});

/** Everywhere on a page's lattice of points, the links that would take a click there; runs in the browser. */
function linksUnderPointer() {
  const found: Record<string, string[]> = {};
  for (let x = 5; x < innerWidth; x += 20) {
    for (let y = 5; y < innerHeight; y += 10) {
      const element = document.elementFromPoint(x, y);
      const address = element?.closest("a")?.getAttribute("href");
      const place = document.elementsFromPoint(x, y)
        .find((one) => one.matches(".cell, nav, header, footer, main"));
      if (address) (found[address] ??= []).push(place?.id || (place?.localName ?? ""));
    }
  }
  return Object.entries(found).map(([address, places]): [string, string[]] => [
    address,
    [...new Set(places)].sort(),
  ]);
}

Deno.test({
  name: `a formula takes no click beside its cell and its place in the contents (${where})`,
  ignore,
  fn: async () => {
    const wide = (height: number): string =>
      String.raw`$\kern-40em\smash{\color{transparent}\rule{50em}{${height}em}}$`;
    const cells = [
      prose(`first\n\n## A ${wide(1)}`),
      prose(`over all [${wide(12)}](https://evil.example)`),
      prose("## B\n\n[safe](https://safe.example)\n\n## C"),
    ];
    const evil = notebook(...cells.map((cell, index) => ({ ...cell, id: `p${index}` })));
    const html = await notebookPage(evil, { top: [{ address: "index.html", html: "home" }] });
    const found = new Map(await inBrowser(html, { width: 1280, height: 900 }, linksUnderPointer));
    assertEquals(found.get("https://evil.example"), ["cell-id=p1"]);
    assertEquals(found.get("https://safe.example"), ["cell-id=p2"]);
    for (const address of ["#b", "#c", "index.html"]) assert(found.has(address), address);
  },
});
