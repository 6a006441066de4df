// Runs in a page: checkpoints in the browser's own file system and in memory, where there is no disk; and a sweep there.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { listFiles, mountFolder } from "../../lib/checkpoint/mod.ts";
import { certificateText, convert, openModel, saveModel, verify } from "../../lib/convert/mod.ts";
import { makeSweep, resultsOf, tableOf, trainSweep } from "../../lib/sweep/mod.ts";
import {
  type DecoderParameters,
  disposeTree,
  initDecoder,
  makeCorpus,
  readAll,
  readDecoder,
  tensorsOf,
  train,
  useBackend,
  writeParameters,
} from "../../mod.ts";
import { StateError } from "../../lib/train/mod.ts";

const config = {
  vocabulary: 11,
  context: 8,
  width: 8,
  depth: 1,
  heads: 2,
  residual: "pre-ln",
} as const;

/** The numbers of a model, its tensors freed. */
async function numbersOf(model: DecoderParameters): Promise<number[][]> {
  const values = await readAll(tensorsOf(model).map(({ value }) => value));
  disposeTree(model);
  return values.map((value) => Array.from(value));
}

Deno.test("a model is written into the page's own file system and read again", async () => {
  await useBackend("wasm");
  const own = await navigator.storage.getDirectory();
  await mountFolder("/kept", own);
  const model = initDecoder(config, 3);
  await writeParameters("/kept/models/model.safetensors", model);
  await mountFolder("/again", await own.getDirectoryHandle("models"));
  const found = await readDecoder("/again/model.safetensors", config);
  assertEquals(await numbersOf(found), await numbersOf(model));
  const names = await Array.fromAsync(listFiles("/again"), ([name]) => name);
  assertEquals(names, ["model.safetensors"]);
});

Deno.test("a training's state is kept there and resumed, and one tab at a time trains in a folder", async () => {
  await mountFolder("/runs", await navigator.storage.getDirectory());
  const corpus = makeCorpus("Call me Ishmael. ".repeat(20));
  const settings = {
    model: { context: 8, width: 8, depth: 1, heads: 2, residual: "pre-ln" },
    schedule: { kind: "constant", peak: 0.01 },
    seed: 0,
    steps: 4,
    rows: 2,
  } as const;
  const state = { folder: "/runs/one", every: 2 };
  const refused: Promise<unknown>[] = [];
  const stop = new AbortController();
  const { parameters } = await train(settings, corpus, {
    state,
    signal: stop.signal,
    onRow: ({ kind, step }) => {
      if (kind !== "step" || step !== 2) return;
      refused.push(assertRejects(() => train(settings, corpus, { state }), StateError, "another"));
      stop.abort();
    },
  });
  disposeTree(parameters);
  await Promise.all(refused);
  assertEquals(refused.length, 1);
  const { parameters: resumed, record } = await train(settings, corpus, { state });
  disposeTree(resumed);
  assertEquals(record.rows.filter(({ kind }) => kind === "step").map(({ step }) => step), [
    1,
    2,
    3,
    4,
  ]);
});

/** The bytes of a golden checkpoint, as if they had been dropped on the page. */
async function dropped(): Promise<[string, Uint8Array][]> {
  return await Promise.all(
    ["config.json", "model.safetensors"].map(async (name): Promise<[string, Uint8Array]> => [
      name,
      new Uint8Array(await (await fetch(`/gpt2/${name}`)).arrayBuffer()),
    ]),
  );
}

Deno.test("a checkpoint in memory is converted, with a certificate, and given back as files", async () => {
  await mountFolder("/dropped", await dropped());
  using model = await openModel("/dropped");
  const made = convert(model, { to: "pre-rmsnorm" });
  await saveModel("/converted", made);
  using converted = await openModel("/converted");
  const certificate = await verify(model, converted, { unrounded: made });
  assert(certificate.passed, certificateText(certificate));
  const files = new Map(await Array.fromAsync(listFiles("/converted")));
  assertEquals([...files.keys()].sort(), ["config.json", "model.safetensors"]);
  const bytes = new DataView(await files.get("model.safetensors")!.arrayBuffer());
  assertEquals(bytes.getUint8(8), "{".charCodeAt(0), "a safetensors header");
});

Deno.test("a sweep's cells are trained in the page's memory, once, and read", async () => {
  await mountFolder("/text", [[
    "a.txt",
    new Blob(["All visible objects, man, are masks. ".repeat(40)]),
  ]]);
  const sweep = await makeSweep({
    settings: {
      model: { context: 8, width: 8, depth: 1, heads: 2 },
      schedule: { kind: "constant", peak: 0.01 },
      ...{ steps: 3, rows: 2, evaluationBatches: 1 },
    },
    text: { file: "/text/a.txt" },
    grid: { "model.residual": ["post-ln", "pre-ln"] },
  });
  await useBackend("wasm");
  for (const fresh of [2, 0]) {
    let trained = 0;
    const { failed } = await trainSweep(sweep, "/runs", { every: 1, onEnd: () => trained++ });
    assertEquals([[...failed], trained], [[], fresh]);
  }
  const rows = tableOf(await resultsOf(sweep, "/runs"), sweep.file);
  assertEquals(rows.map(({ point, seeds }) => [point["model.residual"], seeds]), [
    ["post-ln", 1],
    ["pre-ln", 1],
  ]);
});

Deno.test("mountFolder() refuses a path that is taken, or does not begin at the top", async () => {
  await mountFolder("/a/b", []);
  await assertRejects(() => mountFolder("/a/b", []), RangeError, "Cannot mount /a/b: ");
  await assertRejects(() => mountFolder("c", []), RangeError, "Cannot mount c: ");
  await assertRejects(() => mountFolder("/", []), RangeError, "Cannot mount /: ");
  for (const name of ["", "/", "../a", "a/./b"]) {
    await assertRejects(() => mountFolder("/d", [[name, new Blob()]]), RangeError, "no name");
  }
  await assertRejects(() => openModel("/absent"), Error, "/absent");
});
