// Tests that run in a page of Chromium: files of ordinary tests, bundled, and modules of the library, served to one page.

import { extname } from "node:path";
import type { Page } from "puppeteer-core";
import { type Bundle, bundle } from "../../lib/workshop/bundle.ts";
import { checkout } from "../../lib/workshop/checkout.ts";
import { withPage } from "./chromium.ts";
import type { PageRunner } from "./page_runner.ts";

/** Media types by ending. */
const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** With these a page may share memory with its threads. */
const isolating = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** How a page is served and opened. */
export interface ServedOptions {
  /** Whether the page is cross-origin isolated; by default it is. */
  readonly isolated?: boolean;
  /** Parameters of the page's address; none by default. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Words for the browser's program; by default it has WebGPU on its software adapter. */
  readonly flags?: readonly string[];
}

/** Chromium's own software adapter, on any machine. */
const swiftShader = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

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
  { isolated = true, parameters = {}, flags = swiftShader }: ServedOptions,
  body: (page: Page) => Promise<Result>,
): Promise<Result> {
  const empty = new TextEncoder().encode(
    "<!doctype html><link rel=icon href=data:,><title>Test</title>",
  );
  const served = new Map([["index.html", empty], ...files]);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) => {
      const name = url.replace(/^\w+:\/\/[^/]+\/|\?.*$/g, "") || "index.html";
      const bytes = served.get(name);
      if (bytes === undefined) return new Response(null, { status: 404 });
      return new Response(bytes.slice(), {
        headers: {
          "content-type": types[extname(name)] ?? "application/octet-stream",
          ...(isolated ? isolating : {}),
        },
      });
    },
  );
  return await withPage({ flags }, async (page) => {
    await page.goto(`http://127.0.0.1:${server.addr.port}/?${new URLSearchParams(parameters)}`);
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

/** The page's own; functions that are given to the page see it there. */
declare const pageRunner: PageRunner;

/**
 * Runs all tests of some bundled files in a page, each as a step of a test.
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
    await page.evaluate(async (runner) => await import(runner), "/runner.js");
    const names = tests.map((file) => `/${nameOf(file)}.js`);
    const registered = await page.evaluate((names) => pageRunner.load(names), names);
    if (registered.length === 0) throw new Error(`There are no tests in ${tests.join(", ")}`);
    for (const [index, { name, ignore }] of registered.entries()) {
      await t.step({
        name,
        ignore,
        fn: async () => {
          const error = await page.evaluate((index) => pageRunner.run(index), index);
          if (error !== undefined) throw new Error(error);
        },
      });
    }
  });
}
