// Runs in a page of a browser without what came after ES2023: what the library does there.

import { assert, assertEquals } from "@std/assert";
import { listFiles, mountFolder } from "../../lib/checkpoint/mod.ts";
import { certificateText, convert, openModel, saveModel, verify } from "../../lib/convert/mod.ts";
import { onnxBytes } from "../../lib/export/mod.ts";
import { lossCurves } from "../../lib/plots/mod.ts";
import { disposeTree, makeCorpus, train, useBackend } from "../../mod.ts";

Deno.test("the browser is an older one", () => {
  assert(!("fromAsync" in Array) && !("groupBy" in Map) && !("withResolvers" in Promise));
  assertEquals(Symbol.for("Symbol.dispose"), Symbol.dispose);
});

Deno.test("a model trains on WASM, and its losses are drawn", async () => {
  const { name } = await useBackend("wasm");
  assertEquals(name, "wasm");
  const { parameters, record } = await train({
    model: { context: 8, width: 8, depth: 1, heads: 2, residual: "pre-ln+gpas" },
    schedule: { kind: "constant", peak: 0.01 },
    seed: 0,
    steps: 6,
    rows: 2,
  }, makeCorpus("Call me Ishmael. ".repeat(20)));
  disposeTree(parameters);
  const losses = record.rows.filter(({ kind }) => kind === "step")
    .map(({ step, loss }) => ({ variant: "pre-ln", step: Number(step), loss: Number(loss) }));
  assert(lossCurves(losses, { title: "In an older browser" }).svg.startsWith("<svg"));
});

Deno.test("a checkpoint is converted, verified and exported", async () => {
  const names = ["config.json", "model.safetensors"];
  const files = names.map(async (name): Promise<[string, Uint8Array]> => [
    name,
    new Uint8Array(await (await fetch(`/gpt2/${name}`)).arrayBuffer()),
  ]);
  await mountFolder("/dropped", await Promise.all(files));
  using model = await openModel("/dropped");
  const made = convert(model, { to: "pre-rmsnorm" });
  await saveModel("/converted", made);
  using converted = await openModel("/converted");
  const certificate = await verify(model, converted, { unrounded: made });
  assert(certificate.passed, certificateText(certificate));
  assert((await onnxBytes(converted)).length > 1000);
  const written: string[] = [];
  for await (const [name] of listFiles("/converted")) written.push(name);
  assertEquals(written.sort(), names);
});
