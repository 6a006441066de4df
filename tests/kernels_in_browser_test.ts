// The tests of kernels and operations in a page, on Dawn: with the features of Chromium's software adapter, and with none of them. Without
// Chromium on the machine they are ignored, by name; CI installs it.

import { checkout } from "../lib/workshop/checkout.ts";
import { chromium } from "./support/chromium.ts";
import { bundleTests, runPageTests } from "./support/page_tests.ts";

const ignore = chromium === undefined;
const where = chromium ?? "no Chromium here";

/** The test files of a folder, but those that ask for a disk, or for a page of their own. */
function testsIn(folder: string): string[] {
  const elsewhere = ["device_test.ts", "binary_test.ts"];
  return Array.from(Deno.readDirSync(`${checkout}/tests/unit/${folder}`), ({ name }) => name)
    .filter((name) => name.endsWith("_test.ts") && !elsewhere.includes(name))
    .map((name) => `unit/${folder}/${name}`).sort();
}

const kernels = [...testsIn("kernels"), ...testsIn("kernels/webgpu")];
/** Those of kernels whose threads share rows. */
const shared = kernels.filter((file) => /norm|softmax|cross_entropy|optimizer|streamed/.test(file));
const operations = testsIn("ops");
const bundled = ignore ? new Map() : await bundleTests([...kernels, ...operations]);

const slow = { COMPILES_SLOWLY: "1" };
const webgpu = { TEST_BACKENDS: "webgpu", ...slow };

/** What runs where; files of a page run one after the other. */
const runs: readonly (readonly [
  what: string,
  files: readonly string[],
  parameters: Record<string, string>,
])[] = [
  ["kernels on WebGPU", kernels, webgpu],
  ["kernels on WebGPU without subgroups and f16", shared, {
    ...webgpu,
    WEBGPU_WITHOUT: "subgroups,shader-f16",
  }],
  ["kernels on WASM", kernels, { TEST_BACKENDS: "wasm" }],
  ["operations and gradients", operations, { TEST_BACKENDS: "webgpu,wasm", ...slow }],
];

for (const [what, files, parameters] of runs) {
  Deno.test({
    name: `${what} in a page (${where})`,
    ignore,
    fn: (t) => runPageTests(t, bundled, files, { parameters }),
  });
}
