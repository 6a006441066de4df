/** Pages of the site that compute, in a real browser, on a plain file server and without a network. */

import { basename } from "node:path";
import type { HTTPRequest, Page } from "puppeteer-core";
import { checkout } from "../../lib/workshop/checkout.ts";
import { readNotebook } from "../../lib/workshop/jupyter/notebook_file.ts";
import { listNotebooks } from "../../lib/workshop/notebooks.ts";
import { buildSite } from "../../lib/workshop/pages/site.ts";
import { appPages } from "../../lib/workshop/web/frame.ts";
import type { Experiment } from "../../lib/workshop/web/laboratory/choices.ts";
import { liveParts } from "../../lib/workshop/web/notebook/controls.ts";
import { buildPages } from "../../lib/workshop/web/pages.ts";
import { searchPage } from "../../lib/workshop/web/search/page.ts";
import { trials } from "../../lib/workshop/web/trials.ts";
import { chromium, withPage } from "./chromium.ts";
import { type FileServer, serveFiles } from "./file_server.ts";

/** Where there is no Chromium, tests are ignored, by name. */
export const ignore: boolean = chromium === undefined;

/** The browser's name, for those of tests. */
export const where: string = chromium ?? "no Chromium here";

const [firstNotebook] = await listNotebooks(`${checkout}/notebooks`);

/** What the search looks through. */
const sections = [
  { address: "index.html#a", page: "Page", title: "Warm-up", text: "Post-LN needs a warm-up." },
  { address: "index.html#b", page: "Page", title: "Norms", text: "</script><b>RMSNorm</b>" },
];

/** The first notebook's page. */
export const firstPage: string = `${basename(firstNotebook!, ".ipynb")}.html`;

/** The pages, by their names. */
export const files: ReadonlyMap<string, string | Uint8Array> = ignore ? new Map() : new Map([
  ...await buildSite([{
    name: basename(firstNotebook!, ".ipynb"),
    notebook: await readNotebook(firstNotebook!),
  }], { source: "..", made: "Made by a test", apps: appPages, trials, live: liveParts }),
  ...await buildPages({ made: "Made by a test" }),
  ["search.html", await searchPage(sections, { made: "Made by a test" })],
]);

/** A page of the site, and what it did so far. */
export interface Visit {
  readonly page: Page;
  readonly server: FileServer;
  /** The addresses that were asked for. */
  readonly requests: readonly string[];
  /** What it complained of on its console. */
  readonly faults: string[];
}

/** How a page is seen. */
export interface Sight {
  readonly width?: number;
  readonly dark?: boolean;
  /** Headers of the server. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Words for the browser's program. */
  readonly flags?: readonly string[];
  /** Whether scripts run; they do by default. */
  readonly scripts?: boolean;
}

/** Runs a function with a page of the site. */
export async function visit<Result>(
  address: string,
  body: (visit: Visit) => Promise<Result>,
  { width = 1280, dark = false, headers = {}, flags = [], scripts = true }: Sight = {},
): Promise<Result> {
  await using server = serveFiles(files, headers);
  return await withPage({ flags }, async (page) => {
    const [requests, faults]: [string[], string[]] = [[], []];
    page.on("request", (request: HTTPRequest) => requests.push(request.url()));
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(String(error)));
    await page.setJavaScriptEnabled(scripts);
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
    ]);
    await page.goto(server.address + address, { waitUntil: "networkidle0" });
    return await body({ page, server, requests, faults });
  });
}

/** The text of an element as it is seen. */
export const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => (element as HTMLElement).innerText);

/** Waits until both designs have trained, or one has failed. */
export async function bothEnded(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector(".save:not([hidden])") !== null, {
    timeout: 120_000,
  });
}

/** What the page offers as a file. */
export async function savedNumbers(page: Page): Promise<{
  experiment: Experiment;
  runs: { losses: { x: number; value: number }[]; tensors: number; device: string }[];
}> {
  const address = await page.$eval(".save", (link) => link.getAttribute("href")!);
  return JSON.parse(decodeURIComponent(address.slice(address.indexOf(",") + 1)));
}

const axe = await Deno.readTextFile(new URL(import.meta.resolve("axe-core/axe.min.js")));

/** What axe-core finds wrong with a page: each rule with the elements that break it. */
export async function faultsForSome(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`)
    );
  });
}
