// Tests that run in a page of Chromium: files of ordinary tests, bundled, and modules of the library, served to one page.

import type { Page, WebWorker } from "puppeteer-core";
import { type Bundle, bundle } from "../../lib/workshop/bundle.ts";
import { checkout } from "../../lib/workshop/checkout.ts";
import { withPage } from "./chromium.ts";
import { isolating, serveFiles } from "./file_server.ts";
import type { PageRunner } from "./page_runner.ts";

/** How a page is served and opened. */
export interface ServedOptions {
  /** Whether the page is cross-origin isolated; by default it is. */
  readonly isolated?: boolean;
  /** What the page may load and run, as `content-security-policy` says it; everything by default. */
  readonly policy?: string;
  /** Parameters of the page's address; none by default. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Whether the tests run in a worker of the page; by default they do not. */
  readonly worker?: boolean;
  /** What runs before everything else; nothing by default. */
  readonly prelude?: () => void;
  /** Words for the browser's program; by default it has WebGPU on its software adapter. */
  readonly flags?: readonly string[];
}

/** The name of a module in which nothing is. */
const empty = "empty.js";

/** Chromium's own software adapter, on any machine. */
export const swiftShader = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-gpu-watchdog", // which would end what takes long on a busy machine
];

/**
 * Serves files to a page that begins empty, from this machine alone, and runs a function with it.
 *
 * @param files The bytes of each file by its name.
 * @param options How.
 * @param body The function.
 * @returns What it returns.
 */
export async function withServedPage<Result>(
  files: ReadonlyMap<string, Uint8Array>,
  { isolated = true, policy, parameters = {}, prelude, flags = swiftShader }: ServedOptions,
  body: (page: Page) => Promise<Result>,
): Promise<Result> {
  const served = new Map<string, string | Uint8Array>([
    ["index.html", "<!doctype html><link rel=icon href=data:,><title>Test</title>"],
    [empty, ""],
    ...files,
  ]);
  await using server = serveFiles(served, {
    ...(isolated ? isolating : {}),
    ...(policy === undefined ? {} : { "content-security-policy": policy }),
  });
  return await withPage({ flags }, async (page) => {
    if (prelude !== undefined) await page.evaluateOnNewDocument(prelude);
    await page.goto(`${server.address}index.html?${new URLSearchParams(parameters)}`);
    return await body(page);
  });
}

/** The name of a bundled test file. */
const nameOf = (file: string): string => file.replaceAll("/", "-").replace(/\.ts$/, "");

/**
 * Bundles test files for a page.
 *
 * @param files Their paths in `tests`.
 * @returns The bundle; {@linkcode runPageTests} runs it.
 */
export async function bundleTests(files: readonly string[]): Promise<Bundle["files"]> {
  const entries = files.map((file) => [nameOf(file), `${checkout}/tests/${file}`]);
  const runner = `${checkout}/tests/support/page_runner.ts`;
  const { files: bundled } = await bundle({ runner, ...Object.fromEntries(entries) }, {
    define: { "Deno.test": "pageRunner.test", "Deno.env.get": "pageRunner.variable" },
  });
  return bundled;
}

/** A worker of the page without a program, with the page's parameters. */
async function workerOf(page: Page, { prelude }: ServedOptions): Promise<WebWorker> {
  const created = new Promise<WebWorker>((resolve) => page.once("workercreated", resolve));
  await page.evaluate((name) => void new Worker(name + location.search, { type: "module" }), empty);
  const worker = await created;
  if (prelude !== undefined) await worker.evaluate(prelude);
  return worker;
}

/** The page's own; functions that are given to the page see it there. */
declare const pageRunner: PageRunner;

/**
 * Runs all tests of some bundled files in a page, or in a worker of one, each as a step of a test.
 *
 * @param t The test.
 * @param bundled What {@linkcode bundleTests} gave, and what the tests fetch besides.
 * @param tests The paths in `tests` of those whose tests are to run.
 * @param options How the page is served and opened.
 */
export async function runPageTests(
  t: Deno.TestContext,
  bundled: Bundle["files"],
  tests: readonly string[],
  options: ServedOptions = {},
): Promise<void> {
  await withServedPage(bundled, options, async (page) => {
    page.on("console", (message) => console.log(message.text()));
    const place = options.worker === true ? await workerOf(page, options) : page;
    await place.evaluate(async (runner) => await import(runner), "/runner.js");
    const names = tests.map((file) => `/${nameOf(file)}.js`);
    const registered = await place.evaluate((names) => pageRunner.load(names), names);
    if (registered.length === 0) throw new Error(`There are no tests in ${tests.join(", ")}`);
    for (const [index, { name, ignore }] of registered.entries()) {
      await t.step({
        name,
        ignore,
        fn: async () => {
          const error = await place.evaluate((index) => pageRunner.run(index), index);
          if (error !== undefined) throw new Error(error);
        },
      });
    }
  });
}
