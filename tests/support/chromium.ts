/** Pages in a real browser without a network: Chromium, headless, where the machine has it; REQUIRE_CHROMIUM=1 turns absence into failure. */

import { pathToFileURL } from "node:url";
import { launch, type Page } from "puppeteer-core";

/** A program's path, or undefined where the machine has none of the name. */
async function pathOf(name: string): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command("sh", {
    args: ["-c", `command -v ${name}`],
  }).output();
  return success ? new TextDecoder().decode(stdout).trim() : undefined;
}

async function find(): Promise<{ name: string; path: string } | undefined> {
  if (Deno.build.os === "windows") return undefined;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    const path = await pathOf(name);
    if (path !== undefined) return { name, path };
  }
  return undefined;
}

const found = await find();
if (found === undefined && Deno.env.get("REQUIRE_CHROMIUM") !== undefined) {
  throw new Error("REQUIRE_CHROMIUM asks for Chromium, but this machine has none");
}

/** The name of the browser's program, or undefined where there is none. */
export const chromium: string | undefined = found?.name;

/** How the browser is started. */
interface BrowserOptions {
  /** The port of this machine to which the name of every host leads; nowhere by default. */
  readonly everyHost?: number;
  /** Words for the browser's program beside the usual ones. */
  readonly flags?: readonly string[];
}

/**
 * Runs a function with an empty page of a browser of its own, which ends with it, and whose profile is removed then, or where a
 * signal ends the tests.
 *
 * @param options How the browser is started.
 * @param body The function.
 * @returns What it returns.
 */
export async function withPage<Result>(
  { everyHost, flags = [] }: BrowserOptions,
  body: (page: Page) => Promise<Result>,
): Promise<Result> {
  const target = everyHost === undefined ? "~NOTFOUND" : `127.0.0.1:${everyHost}`;
  const browser = await launch({
    executablePath: found!.path,
    defaultViewport: null,
    pipe: true, // a browser ends with its pipe, whatever ends the tests
    args: ["--no-sandbox", `--host-resolver-rules=MAP * ${target}, EXCLUDE 127.0.0.1`, ...flags],
  });
  try {
    return await body(await browser.newPage());
  } finally {
    await browser.close();
  }
}

/** What a page is seen in. */
export interface Window {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Whether the system prefers dark colors. */
  readonly dark?: boolean;
  /** The port of this machine to which the name of every host leads; nowhere by default. */
  readonly everyHost?: number;
}

/**
 * What a function returns that runs in a page 300 ms after it has loaded.
 *
 * @param html The page.
 * @param window The window.
 * @param probe The function; it may use nothing outside itself. Its result travels as JSON.
 * @returns The result.
 */
export async function inBrowser<Result>(
  html: string,
  { width, height, dark = false, everyHost }: Window,
  probe: () => Result,
): Promise<Result> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/page.html`, html);
    return await withPage(everyHost === undefined ? {} : { everyHost }, async (page) => {
      await page.setViewport({ width, height });
      await page.emulateMediaFeatures([
        { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
      ]);
      await page.goto(pathToFileURL(`${folder}/page.html`).href);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return await page.evaluate(probe) as Result;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
