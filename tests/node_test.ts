// The library in Node, from its source: the same work as on Deno, with the same results. Without Node on the machine it is ignored, by name.

import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { checkout } from "../lib/workshop/checkout.ts";
import { type Report, work } from "./in_node/work.ts";
import { bundleForNode, node } from "./support/node_tests.ts";

const golden = `${checkout}/tests/golden/checkpoints/gpt2`;

/** The work in a process of Node's. */
async function workInNode(folder: string): Promise<Report> {
  await using bundle = await bundleForNode(["in_node/main.ts"], "node");
  const { code, stdout, stderr } = await new Deno.Command("node", {
    args: [bundle.pathOf("in_node/main.ts"), golden, folder],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

Deno.test({
  name:
    `training, checkpoints, conversions, charts and exports are in Node what they are on Deno (${
      node ?? "no Node from 20.16 on here"
    })`,
  ignore: node === undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "normkit-node-" });
    try {
      const [here, there] = [
        await work(golden, `${folder}/deno`),
        await workInNode(`${folder}/node`),
      ];
      assertEquals(there.same, JSON.parse(JSON.stringify(here.same)));
      assertEquals(there.losses.length, here.losses.length);
      there.losses.forEach((loss, at) => assertAlmostEquals(loss, here.losses[at]!, 1e-5));
      assertMatch(there.kernels, /SIMD, 2 threads$/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
