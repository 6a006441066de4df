// Runs in a page of a browser that lets workers alone write into its folders.

import { assertEquals, assertRejects } from "@std/assert";
import { listFiles, mountFolder } from "../../lib/checkpoint/mod.ts";
import { disposeTree, initDecoder, writeParameters } from "../../mod.ts";

Deno.test("writeParameters() says that a page cannot write there, and writes in memory", async () => {
  await mountFolder("/kept", await navigator.storage.getDirectory());
  const model = initDecoder(
    { vocabulary: 5, context: 4, width: 4, depth: 1, heads: 1, residual: "pre-ln" },
    1,
  );
  await assertRejects(
    () => writeParameters("/kept/model.safetensors", model),
    DOMException,
    "it lets workers alone; run this in a worker, or write below a path that is not mounted",
  );
  await writeParameters("/memory/model.safetensors", model);
  disposeTree(model);
  const names: string[] = [];
  for await (const [name] of listFiles("/memory")) names.push(name);
  assertEquals(names, ["model.safetensors"]);
});
