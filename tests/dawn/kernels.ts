// The tests of kernels in Node, on Dawn as the npm package `webgpu` has it, with the features of the adapter and with none of them. By hand,
// since the package is large and its software adapter slow: `deno test -A tests/dawn/kernels.ts` puts it into `.normkit/dawn`. Where Dawn takes
// no adapter of the machine's own, it gets Chromium's, by `VK_DRIVER_FILES`.

import { assert } from "@std/assert";
import { bundleForNode, node, type NodeBundle, runNodeTests } from "../support/node_tests.ts";
import { deviceLoss, kernelTests, operationTests } from "../support/unit_files.ts";

const dawn = { webgpu: "npm:webgpu@0.6.2" };

/** Chromium's software adapter, as Debian and Ubuntu have it. */
const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Variables of the environment with which Dawn finds an adapter. */
async function driverFor(bundle: NodeBundle): Promise<Record<string, string>> {
  for (const env of [{}, { VK_DRIVER_FILES: swiftShader }]) {
    const { stdout } = await new Deno.Command("node", {
      args: [bundle.pathOf("dawn/adapter.ts")],
      env,
    }).output();
    const adapter = new TextDecoder().decode(stdout).trim();
    if (adapter === "") continue;
    console.log(`Dawn in Node ${node}: ${adapter}`);
    return env;
  }
  throw new Error("Dawn finds no adapter: install Chromium, or set VK_DRIVER_FILES");
}

const none = { WEBGPU_WITHOUT: "subgroups,shader-f16" };
const both = { TEST_BACKENDS: "webgpu,wasm" };

/** What runs, each in a process of its own. */
const runs: readonly (readonly [
  what: string,
  files: readonly string[],
  env?: Record<string, string>,
])[] = [
  ["kernels", kernelTests],
  ["kernels without subgroups and f16", kernelTests, none],
  ["operations and gradients", operationTests],
  ["training as on WASM, which leaves nothing", ["in_page/training.ts"], both],
  ["training without subgroups and f16", ["in_page/training.ts"], { ...both, ...none }],
  ["a lost device", [deviceLoss]],
  ["a device that is lost in training", ["in_page/device_loss.ts"]],
];

Deno.test("kernels, gradients, training and the loss of a device in Node, on Dawn", async (t) => {
  assert(node !== undefined, "Cannot run without Node: it must be 20.16 or newer");
  const files = ["dawn/adapter.ts", ...new Set(runs.flatMap(([, files]) => files))];
  await using bundle = await bundleForNode(files, "dawn", dawn);
  const driver = await driverFor(bundle);
  for (const [what, files, variables = {}] of runs) {
    const env = { TEST_BACKENDS: "webgpu", COMPILES_SLOWLY: "1", ...driver, ...variables };
    await t.step(what, (t) => runNodeTests(t, bundle, files, env));
  }
});
