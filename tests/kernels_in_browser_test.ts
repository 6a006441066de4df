// The tests of kernels and operations in a page, on Dawn: with the features of Chromium's software adapter, and with none of them. Without
// Chromium on the machine they are ignored, by name; CI installs it.

import { chromium } from "./support/chromium.ts";
import { bundleTests, runPageTests } from "./support/page_tests.ts";
import { deviceLoss, kernelTests, operationTests } from "./support/unit_files.ts";

const ignore = chromium === undefined;
const where = chromium ?? "no Chromium here";

/** Those of kernels whose threads share rows. */
const shared = kernelTests.filter((file) =>
  /norm|softmax|cross_entropy|optimizer|streamed/.test(file)
);
const files = [...kernelTests, ...operationTests, deviceLoss];
const bundled = ignore ? new Map() : await bundleTests(files);

const slow = { COMPILES_SLOWLY: "1" };
const webgpu = { TEST_BACKENDS: "webgpu", ...slow };

/** What runs where; files of a page run one after the other. */
const runs: readonly (readonly [
  what: string,
  files: readonly string[],
  parameters: Record<string, string>,
])[] = [
  ["kernels on WebGPU", kernelTests, webgpu],
  ["kernels on WebGPU without subgroups and f16", shared, {
    ...webgpu,
    WEBGPU_WITHOUT: "subgroups,shader-f16",
  }],
  ["kernels on WASM", kernelTests, { TEST_BACKENDS: "wasm" }],
  ["operations and gradients", operationTests, { TEST_BACKENDS: "webgpu,wasm", ...slow }],
  ["a lost device", [deviceLoss], webgpu],
];

for (const [what, files, parameters] of runs) {
  Deno.test({
    name: `${what} in a page (${where})`,
    ignore,
    fn: (t) => runPageTests(t, bundled, files, { parameters }),
  });
}
