// The tests of kernels in Node, on Dawn as the npm package `webgpu` has it, with the features of the adapter and with none of them. By hand,
// since the package is large and its software adapter slow: `deno test -A tests/dawn/kernels.ts` puts it into `.normkit/dawn`. Where Dawn takes
// no adapter of the machine's own, it gets Chromium's, by `VK_DRIVER_FILES`.

import { assert } from "@std/assert";
import { checkout } from "../../lib/workshop/checkout.ts";
import { bundleForNode, node, type NodeBundle, runNodeTests } from "../support/node_tests.ts";

const dawn = { webgpu: "npm:webgpu@0.6.2" };

/** The test files of a folder, but those that read the checkout's files. */
function testsIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(`${checkout}/tests/unit/${folder}`), ({ name }) => name)
    .filter((name) => name.endsWith("_test.ts") && name !== "binary_test.ts")
    .map((name) => `unit/${folder}/${name}`).sort();
}

const kernels = [...testsIn("kernels"), ...testsIn("kernels/webgpu")];

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
const runs: readonly (readonly [string, readonly string[], Record<string, string>])[] = [
  ["kernels on Dawn", kernels, {}],
  ["kernels on Dawn without subgroups and f16", kernels, none],
];

Deno.test("kernels in Node, on Dawn", async (t) => {
  assert(node !== undefined, "Cannot run without Node: it must be 20.16 or newer");
  const files = ["dawn/adapter.ts", ...kernels];
  await using bundle = await bundleForNode(files, "dawn", dawn);
  const driver = await driverFor(bundle);
  for (const [what, files, features] of runs) {
    const env = { TEST_BACKENDS: "webgpu", COMPILES_SLOWLY: "1", ...driver, ...features };
    await t.step(what, (t) => runNodeTests(t, bundle, files, env));
  }
});
