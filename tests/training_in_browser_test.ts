// The library in a real page: training on WASM and on WebGPU (Dawn), threads, a lost device, and files without a disk. Without Chromium
// on the machine the tests are ignored, by name; CI installs it.

import { checkout } from "../lib/workshop/checkout.ts";
import { chromium } from "./support/chromium.ts";
import { makeOlder, writeInPlace } from "./support/older_browser.ts";
import { bundleTests, runPageTests, type ServedOptions } from "./support/page_tests.ts";

const ignore = chromium === undefined;
const where = chromium ?? "no Chromium here";

const files = [
  "training",
  "device_loss",
  "threads",
  "files",
  "older_browser",
  "policy",
  "write_in_place",
]
  .map((name) => `in_page/${name}.ts`);
const bundled = new Map(ignore ? [] : await bundleTests(files));
for (const name of ["config.json", "model.safetensors"]) {
  const path = `gpt2/${name}`;
  bundled.set(path, await Deno.readFile(`${checkout}/tests/golden/checkpoints/${path}`));
}

/** Registers the tests of a file for a page. */
function inPage(what: string, file: string, options: ServedOptions = {}): void {
  Deno.test({
    name: `${what} (${where})`,
    ignore,
    fn: (t) => runPageTests(t, bundled, [`in_page/${file}.ts`], options),
  });
}

inPage("a page trains on WASM and WebGPU alike, and leaves nothing", "training");
inPage("a page whose GPU is lost says so", "device_loss");
inPage("a page that is cross-origin isolated has threads", "threads");
inPage("a page that is not isolated has one thread, and says why", "threads", { isolated: false });
inPage("a page under a strict policy has WASM, and says what threads need", "policy", {
  policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
});
inPage("a browser without Symbol.dispose, and of before 2024, does all of it", "older_browser", {
  isolated: false,
  prelude: makeOlder,
});
inPage("a page keeps checkpoints in files of its own, and converts them in memory", "files");
inPage("a worker does so in a browser that lets it alone write", "files", {
  worker: true,
  prelude: writeInPlace,
});
inPage("a page of such a browser says who can write", "write_in_place", { prelude: writeInPlace });
inPage("a worker has threads", "threads", { worker: true });
