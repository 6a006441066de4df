// The static edition in a real browser, without a network, at the width of a desktop and of a phone, light and dark.
// Without Chromium on the machine the tests are ignored, by name; CI installs it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { basename } from "node:path";
import { checkout } from "../lib/workshop/checkout.ts";
import { listNotebooks } from "../lib/workshop/notebooks.ts";
import { readGuides } from "../lib/workshop/site.ts";
import { buildSite } from "../lib/workshop/pages/site.ts";
import { readNotebook } from "../lib/workshop/jupyter/notebook_file.ts";
import { notebookPage } from "../lib/workshop/pages/page.ts";
import { chromium, inBrowser, withPage } from "./support/chromium.ts";
import { serveFiles } from "./support/file_server.ts";
import { faultsForSome } from "./support/site_pages.ts";

const folder = `${checkout}/notebooks`;
const ignore = chromium === undefined;
const where = chromium ?? "no Chromium here";

const paths = ignore ? [] : await listNotebooks(folder);
const notebooks = await Promise.all(paths.map(async (path) => ({
  name: basename(path, ".ipynb"),
  notebook: await readNotebook(path),
})));
const site = ignore ? new Map<string, string>() : await buildSite(notebooks, {
  source: "..",
  made: "Made by a test",
  guides: await readGuides(`${folder}/guides`),
});

/** What is seen of a page; runs in the browser. */
function look() {
  const root = document.documentElement;
  const pictures = [...document.images];
  return {
    width: innerWidth,
    overflow: root.scrollWidth - root.clientWidth,
    clipped: [...document.querySelectorAll(".cell, .contents li, .pager a")]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 8).length,
    lost: pictures.filter(({ naturalWidth, width }) => naturalWidth < 300 || width < 200).length,
    sideways: [...document.querySelectorAll(".chart")]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length,
    hiddenNotes: [...document.querySelectorAll(".aside")].filter((note) => {
      note.scrollIntoView({ block: "center" });
      const { left, top, width, height } = note.getBoundingClientRect();
      return !note.contains(document.elementFromPoint(left + width / 2, top + height / 2));
    }).length,
    tallest: Math.max(
      ...[...document.querySelectorAll(".thumb")].map(({ clientHeight }) => clientHeight),
      0,
    ) > 300,
    unnamed: pictures.filter(({ alt }) => alt.trim().length < 10).length,
    errors: document.querySelectorAll(".katex-error").length,
    page: getComputedStyle(document.body).backgroundColor,
    button: document.querySelector<HTMLElement>(".theme:not([hidden])")?.innerText,
    requests: performance.getEntriesByType("resource").map(({ name }) => name)
      .filter((name) => !name.startsWith("data:")),
    deadAnchors: [...document.querySelectorAll('a[href^="#"]')]
      .map((link) => decodeURIComponent(link.getAttribute("href")!.slice(1)))
      .filter((id) => document.getElementById(id) === null),
    smallest: Math.min(
      ...[...document.querySelectorAll("main :is(p, td, th, pre, li)")]
        .map((element) => parseFloat(getComputedStyle(element).fontSize)),
    ),
  };
}

for (const [width, height, dark] of [[1280, 900, false], [390, 844, true]] as const) {
  Deno.test({
    name: `every page of the site fits ${width} pixels, ${dark ? "dark" : "light"} (${where})`,
    ignore,
    fn: async () => {
      for (const [file, html] of site) {
        const found = await inBrowser(html, { width, height, dark }, look);
        const { smallest, ...rest } = found;
        assertEquals(rest, {
          width,
          overflow: 0,
          clipped: 0,
          lost: 0,
          sideways: 0,
          hiddenNotes: 0,
          tallest: false,
          unnamed: 0,
          errors: 0,
          page: dark ? "rgb(20, 23, 28)" : "rgb(255, 255, 255)",
          button: dark ? "Light" : "Dark",
          requests: [],
          deadAnchors: [],
        }, file);
        assert(smallest >= 12, `${file} has text of ${smallest} pixels`);
      }
    },
  });
}

const folds = await notebookPage({
  cells: [
    { source: "# Page\n\n[to the step](#cell-id=step)", metadata: {} },
    { source: "### Proof 1: it holds", metadata: { "jp-MarkdownHeadingCollapsed": true } },
    { source: "The step.", metadata: {} },
    { source: "## After", metadata: {} },
  ].map((cell, at) => ({ ...cell, cell_type: "markdown", id: at === 2 ? "step" : `c${at}` })),
  ...{ metadata: {}, nbformat: 4, nbformat_minor: 5 },
});

for (const script of [true, false]) {
  Deno.test({
    name: `links open folds, and paper shows them, ${
      script ? "with" : "without"
    } script (${where})`,
    ignore,
    fn: async () => {
      await using server = serveFiles(new Map([["page.html", folds]]));
      await withPage({}, async (page) => {
        await page.setJavaScriptEnabled(script);
        /** Whether the folded step is painted: what a reader sees, whatever says so. */
        const shown = () =>
          page.evaluate(() => {
            const fold = document.querySelector("details")!;
            return getComputedStyle(fold, "::details-content").contentVisibility === "visible";
          });
        const visit = async (fragment: string) => {
          await page.goto("about:blank");
          await page.goto(`${server.address}page.html${fragment}`);
          return await shown();
        };
        assertEquals(await visit(""), false);
        assertEquals(await visit("#proof-1-it-holds"), true);
        assertEquals(await visit("#cell-id=step"), true);
        await visit("");
        await page.emulateMediaType("print");
        assertEquals(await shown(), true);
        await page.emulateMediaType("screen");
        assertEquals(await shown(), false);
        await page.click("a[href='#cell-id=step']");
        assertEquals(await shown(), true);
        await page.click("summary");
        assertEquals(await shown(), false);
      });
    },
  });
}

Deno.test({
  name: `the button changes a page's colors and remembers them (${where})`,
  ignore,
  fn: async () => {
    const found = await inBrowser(
      site.get("index.html") ?? "",
      { width: 1280, height: 900 },
      () => {
        const seen: (string | null | undefined)[] = [];
        const button = document.querySelector<HTMLElement>(".theme")!;
        const note = (): void => {
          seen.push(getComputedStyle(document.body).backgroundColor, button.innerText);
          seen.push(localStorage.getItem("normkit-theme"));
        };
        button.click();
        note();
        button.click();
        note();
        return seen;
      },
    );
    assertEquals(found, [
      ...["rgb(20, 23, 28)", "Light", "dark"],
      ...["rgb(255, 255, 255)", "Dark", null],
    ]);
  },
});

Deno.test({
  name: `a chart that a phone shows small comes to its full size and back (${where})`,
  ignore,
  fn: async () => {
    await using server = serveFiles(new Map([["page.html", site.get("00_start_here.html") ?? ""]]));
    await withPage({}, async (page) => {
      /** Of the first chart that is drawn 640 pixels wide: the card's width, what its button says, and whether all can be seen. */
      const seen = () =>
        page.evaluate(() => {
          const card = document.querySelector<HTMLElement>(".card[style*='640px']")!;
          const button = card.parentElement!.querySelector<HTMLElement>("figcaption button")!;
          const { left, right } = button.getBoundingClientRect();
          return {
            width: card.clientWidth,
            button: button.checkVisibility() ? button.textContent : "",
            inSight: left >= 0 && right <= innerWidth,
            scrolls: card.parentElement!.scrollWidth > card.parentElement!.clientWidth,
            pageScrolls: document.documentElement.scrollWidth > innerWidth,
          };
        });
      const press = async (key: "Enter" | "ArrowRight") => {
        await page.focus(`.chart:has([style*='640px']) ${key === "Enter" ? "button" : ".card"}`);
        await page.keyboard.press(key);
      };
      const inSight = true, pageScrolls = false;
      await page.setViewport({ width: 1280, height: 900 });
      await page.goto(`${server.address}page.html`);
      assertEquals((await seen()).button, "");
      await page.setViewport({ width: 390, height: 844 });
      await page.waitForSelector(".chart:has([style*='640px']) button:not([hidden])");
      const small = { width: 356, button: "Full size", inSight, scrolls: false, pageScrolls };
      assertEquals(await seen(), small);
      await press("Enter");
      const full = { width: 640, button: "Fit the page", inSight, scrolls: true, pageScrolls };
      assertEquals(await seen(), full);
      assertEquals(await faultsForSome(page), []);
      for (let value = 0; value < 40; value++) await press("ArrowRight");
      assertEquals(await seen(), full); // its button goes along
      await press("Enter");
      assertEquals(await seen(), small);
    });
  },
});

Deno.test({
  name: `a chart shows the value under the pointer, under a finger, and by arrow keys (${where})`,
  ignore,
  fn: async () => {
    for (const width of [1280, 390]) {
      const html = site.get("00_start_here.html") ?? "";
      const found = await inBrowser(html, { width, height: 844 }, () => {
        const card = document.querySelector<HTMLElement>(".card[style*='640px']")!;
        const tip = card.querySelector<HTMLElement>("output")!;
        const words = (): string =>
          tip.hidden ? "hidden" : [...tip.children].map((part) => part.textContent).join(" / ");
        const seen = [words()];
        const point = (kind: string, pointerType: string, left: number, top: number): void => {
          const box = card.getBoundingClientRect();
          const scale = box.width / 640;
          card.dispatchEvent(
            new PointerEvent(kind, {
              pointerType,
              clientX: box.left + left * scale,
              clientY: box.top + top * scale,
            }),
          );
          seen.push(words());
        };
        const press = (key: string): void => {
          card.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
          seen.push(words());
        };
        point("pointermove", "mouse", 172, 265);
        const [inside, outer] = [tip.getBoundingClientRect(), card.getBoundingClientRect()];
        const isInside = inside.left >= outer.left && inside.right <= outer.right &&
          inside.top >= outer.top && inside.bottom <= outer.bottom;
        press("ArrowRight");
        press("ArrowDown");
        press("Escape");
        point("pointerdown", "touch", 70, 139);
        point("pointerleave", "touch", 70, 139);
        point("pointermove", "mouse", 620, 20);
        return { seen, isInside };
      });
      assert(found.isInside, "the tip must stay on its card");
      assertEquals(found.seen.slice(0, 1), ["hidden"]);
      // lines that lie on one another are named together
      const at = (variant: string, step: number): string =>
        String.raw`^${variant}( and \S.*)? / Step ${step} / Validation loss \(nats per token\): ` +
        String.raw`\d\.\d+( and \d\.\d+)*$`;
      const expected = [
        at("Post-LN", 25),
        at("Post-LN", 50),
        at("Pre-LN", 50),
        "^hidden$",
        at(String.raw`P\S+-LN`, 0),
        at(String.raw`P\S+-LN`, 0),
        "^hidden$",
      ];
      expected.forEach((pattern, index) =>
        assertMatch(found.seen[index + 1] ?? "", new RegExp(pattern))
      );
    }
  },
});
