// Charts of a notebook's page that train in place, and figures that move, in a real browser: what is loaded when, what the address holds, and whether all can
// use them. Without Chromium on the machine the tests are ignored, by name; CI installs it.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "puppeteer-core";
import { readExperiment } from "../lib/workshop/web/laboratory/address.ts";
import { initialExperiment } from "../lib/workshop/web/laboratory/choices.ts";
import {
  bothEnded,
  faultsForSome,
  firstPage,
  ignore,
  savedNumbers,
  textOf,
  visit,
  where,
} from "./support/site_pages.ts";

/** A short training of the second chart. */
const short = "variant=pre-ln,deep-norm&depth=3,2&size=small&steps=6&seed=3&device=wasm";
const shared = `${firstPage}?chart=variance&${short}`;

/** Waits until both designs have made a step. */
async function bothStep(page: Page): Promise<void> {
  const hasStep = (): boolean =>
    [2, 3].every((column) =>
      /^[1-9]/.test(document.querySelector(`.numbers td:nth-child(${column})`)?.textContent ?? "")
    );
  await page.waitForFunction(hasStep, { timeout: 120_000 });
}

/** Waits until a page has so many workers: what ends one does not wait for its end. */
async function workersAre(page: Page, count: number): Promise<void> {
  for (let tries = 0; page.workers().length !== count; tries++) {
    assert(tries < 200, `${page.workers().length} workers, not ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const buttons = (page: Page): Promise<string[]> =>
  page.$$eval(".trial button", (all) => all.map((one) => `${one.ariaExpanded} ${one.innerText}`));

Deno.test({
  name:
    `a chart trains below itself what it shows, and loads what trains with the click (${where})`,
  ignore,
  fn: async () => {
    await visit(firstPage, async ({ page, server, faults }) => {
      const before = server.sent();
      assert(before < 2e6, `${before} bytes before a click`);
      assertEquals((await buttons(page))[0], "false Train Post-LN beside Pre-LN here");
      await page.click(".trial button");
      await bothStep(page);
      assert(server.sent() < 6e6, `${server.sent()} bytes after it`);
      assertEquals(
        await page.$eval(".panel", (panel) => panel.closest(".cell")!.id),
        "cell-id=loss",
      );
      assertStringIncludes(await textOf(page, ".panel .status"), "training on");
      const { searchParams, hash } = new URL(page.url());
      assertEquals([searchParams.get("chart"), hash], ["loss", "#cell-id=loss"]);
      const { experiment: { designs } } = readExperiment(
        page.url().split("?")[1]!.replace(/^chart=loss&|#.*/g, ""),
        initialExperiment(true),
      );
      assertEquals(
        designs.map(({ variant, depth, rate, warmup }) => [variant, depth, rate, warmup]),
        [["post-ln", 8, 0.003, 1], ["pre-ln", 8, 0.003, 1]],
      );
      await workersAre(page, 2);
      await page.click("[id='cell-id=variance'] .trial button");
      await page.waitForFunction(() =>
        document.querySelector("[id='cell-id=variance'] .panel form")
      );
      assertEquals((await page.$$(".panel")).length, 1, "one trains at a time");
      await bothStep(page);
      await workersAre(page, 2); // those of the other one have ended
      await page.click("[id='cell-id=variance'] .trial button");
      await workersAre(page, 0);
      assertEquals(await page.$(".panel"), null);
      assertEquals(new URL(page.url()).search, "");
      assertEquals(faults, []);
    });
  },
});

for (const [width, dark] of [[1280, false], [390, true]] as const) {
  Deno.test({
    name: `a shared address opens its chart with its choices, and keys alone train it; ` +
      `axe-core finds nothing at ${width} pixels (${where})`,
    ignore,
    fn: async () => {
      await visit(shared, async ({ page, faults }) => {
        await page.waitForSelector(".panel form");
        assertEquals(await page.$(".results:not([hidden])"), null, "nothing trains unasked");
        assert(
          await page.$eval(".panel", (panel) => panel.getBoundingClientRect().top < innerHeight),
        );
        await page.focus("[id='cell-id=variance'] .trial button");
        for (let presses = 0; presses < 30; presses++) {
          await page.keyboard.press("Tab");
          if (await page.evaluate(() => document.activeElement!.textContent) === "Start") break;
        }
        await page.keyboard.press("Enter");
        await bothEnded(page);
        const { experiment, runs } = await savedNumbers(page);
        const expected = readExperiment(`rate=0.003&${short}`, initialExperiment(true));
        assertEquals(experiment, expected.experiment);
        assertEquals(runs.map(({ losses }) => losses.length), [6, 6]);
        assertEquals(await faultsForSome(page), []);
        const overflow = await page.evaluate(() =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth
        );
        assertEquals([overflow, faults], [0, []]);
      }, { width, dark });
    },
  });
}

Deno.test({
  name: `a damaged address of a chart gets a sentence, and the page stays (${where})`,
  ignore,
  fn: async () => {
    await visit(`${firstPage}?chart=<b>none`, async ({ page, faults }) => {
      assertStringIncludes(await textOf(page, ".notes"), 'no chart "<b>none" that trains');
      assertEquals([await page.$(".panel"), faults], [null, []]);
    });
    await visit(
      `${firstPage}?chart=loss&depth=1e9&variant=best&colour`,
      async ({ page, faults }) => {
        await page.waitForSelector(".panel form");
        const said = await textOf(page, ".panel .notes");
        for (const word of ["depth = 1000000000", "variant", "colour"]) {
          assertStringIncludes(said, word);
        }
        const taken = await page.$eval(
          ".panel [name=depth]",
          (one) => (one as HTMLInputElement).value,
        );
        assertEquals([taken, faults], ["8", []]);
      },
    );
  },
});

Deno.test({
  name: `without scripts a chart is a picture, and its link leads to the laboratory (${where})`,
  ignore,
  fn: async () => {
    await visit(firstPage, async ({ page }) => {
      const cell = "[id='cell-id=loss']";
      assert(
        await page.$eval(`${cell} img`, (image) => (image as HTMLImageElement).naturalWidth > 300),
      );
      const link = await page.$eval(`${cell} .trial a`, (link) => link.getAttribute("href")!);
      assertStringIncludes(link, "laboratory.html?");
      assertStringIncludes(link, "variant=post-ln,pre-ln");
      assertEquals(await page.$(".trial button"), null);
    }, { scripts: false });
  },
});

const chartTitle = (page: Page, section: string): Promise<string> =>
  page.$eval(`${section} .card`, (card) => card.ariaLabel!);

Deno.test({
  name: `a figure moves by keys, its address holds where it stands, and opens it there (${where})`,
  ignore,
  fn: async () => {
    const section = "[id='figure:residual']";
    const address = await visit("figures.html", async ({ page, faults }) => {
      const before = await chartTitle(page, section);
      assertStringIncludes(before, "72.8 times Post-LN's gradient in ResiDual");
      assertEquals(await page.$(`${section} .card svg`), null);
      await page.focus(`${section} [name=share]`);
      for (let presses = 0; presses < 5; presses++) await page.keyboard.press("ArrowRight");
      await page.waitForSelector(`${section} .card svg`);
      assertStringIncludes(await chartTitle(page, section), "Where b = σ nothing decays");
      assertEquals(await textOf(page, `${section} label:nth-child(2) output`), "1");
      await page.focus(`${section} .card`);
      await page.keyboard.press("ArrowRight");
      assertStringIncludes(await textOf(page, `${section} .card output`), "Gradient at branch k");
      assertEquals([await faultsForSome(page), faults], [[], []]);
      return page.url();
    });
    const { search, hash } = new URL(address);
    assertEquals(hash, "#figure:residual");
    await visit(`figures.html${search}`, async ({ page, faults }) => {
      await page.waitForSelector(`${section} .card svg`);
      assertStringIncludes(await chartTitle(page, section), "Where b = σ nothing decays");
      assertEquals(faults, []);
    });
    await visit("figures.html?figure=residual&N=7&colour=red&sigma=2", async ({ page, faults }) => {
      const said = await textOf(page, `${section} .notes`);
      assertStringIncludes(said, '"N" = "7": it must be one of 2, 4, 8');
      assertStringIncludes(said, '"colour" = "red": sliders are N, share, sigma');
      assertEquals(await textOf(page, `${section} label:nth-child(3) output`), "2");
      assertEquals(faults, []);
    });
    await visit("figures.html?figure=none", async ({ page }) => {
      assertStringIncludes(await textOf(page, "main > .notes"), 'no figure "none" that moves');
    });
  },
});

Deno.test({
  name: `points of a recorded grid open their curves together, by keys alone (${where})`,
  ignore,
  fn: async () => {
    await visit("figures.html", async ({ page, faults }) => {
      const grid = ".grid:has([data-point])";
      await page.focus(`${grid} [data-point] button`);
      await page.keyboard.press("Enter");
      await page.waitForSelector(`${grid} .chart svg`);
      assertStringIncludes(await chartTitle(page, grid), "nats");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Space");
      await page.waitForFunction(() =>
        document.querySelectorAll(".grid button[aria-pressed=true]").length === 2 &&
        document.querySelector(".grid .card script")!.textContent.split('"name"').length === 3
      );
      assertEquals([await faultsForSome(page), faults], [[], []]);
      await page.keyboard.press("Space");
      await page.keyboard.down("Shift");
      await page.keyboard.press("Tab");
      await page.keyboard.up("Shift");
      await page.keyboard.press("Space");
      await page.waitForFunction(() => document.querySelector<HTMLElement>(".grid .chart")!.hidden);
    });
  },
});

Deno.test({
  name: `without scripts figures that move are pictures, and grids are tables (${where})`,
  ignore,
  fn: async () => {
    await visit("figures.html", async ({ page }) => {
      const seen = await page.evaluate(() => ({
        pictures: [...document.querySelectorAll<HTMLImageElement>(".moving img")]
          .filter(({ naturalWidth }) => naturalWidth > 300).length,
        figures: document.querySelectorAll(".moving").length,
        sliders: [...document.querySelectorAll<HTMLElement>(".sliders")]
          .filter(({ offsetHeight }) => offsetHeight > 0).length,
        buttons: document.querySelectorAll(".grid button").length,
        numbers: [...document.querySelectorAll(".point")]
          .filter(({ textContent }) => /^[0-9]/.test(textContent)).length,
      }));
      assertEquals([seen.pictures, seen.sliders, seen.buttons], [seen.figures, 0, 0]);
      assert(seen.figures >= 6 && seen.numbers >= 18, JSON.stringify(seen));
    }, { scripts: false });
  },
});
