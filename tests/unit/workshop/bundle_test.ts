// What browsers load: every entry point but those of terminals and notebooks, bundled together.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { bundle } from "../../../lib/workshop/bundle.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";
import config from "../../../deno.json" with { type: "json" };

/** Entry points whose users sit at a terminal or in a notebook. */
const elsewhere = ["./cli", "./notebook"];

const entries = Object.fromEntries(
  Object.entries(config.exports).filter(([name]) => !elsewhere.includes(name))
    .map(([name, path]) => [name === "." ? "normkit" : name.slice(2), `${checkout}/${path}`]),
);
const { files, first } = await bundle(entries);

/** Bytes of files. */
const sizeOf = (names: Iterable<string>): number =>
  [...names].reduce((sum, name) => sum + files.get(name)!.length, 0);

Deno.test("bundle() gives each entry point, and tfjs's binary beside them as its package has it", async () => {
  assertEquals(Object.keys(first).sort(), Object.keys(entries).sort());
  for (const [name, [own]] of Object.entries(first)) assertEquals(own, `${name}.js`);
  const binary = import.meta.resolve(
    "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
  );
  assertEquals(files.get("tfjs-backend-wasm-simd.wasm"), await Deno.readFile(new URL(binary)));
});

const scripts = [...files].filter(([name]) => name.endsWith(".js"))
  .map(([name, bytes]) => ({ name, text: new TextDecoder().decode(bytes) }));

Deno.test("what bundle() gives names neither Deno nor a module of Node", () => {
  assert(scripts.length > Object.keys(entries).length);
  const found = scripts.flatMap(({ name, text }) =>
    [...text.matchAll(/\bDeno\b|["'`]node:/g)]
      .map(({ index }) => `${name}: ${text.slice(index - 20, index + 40)}`)
      // protobuf asks whether there is such a global
      .filter((place) => !place.includes("!!globalThis.Deno||!!globalThis.Bun"))
  );
  assertEquals(found, []);
});

Deno.test("a page loads 1.2 MB for the library, and a backend when it uses it", () => {
  const { normkit, checkpoint } = first;
  assert(sizeOf(normkit!) < 1_200_000, `${sizeOf(normkit!)} bytes`);
  assert(sizeOf(checkpoint!) < 60_000, `${sizeOf(checkpoint!)} bytes`);
  for (const mark of ["@workgroup_size", "tfjs-backend-wasm-threaded-simd.wasm"]) {
    const holders = scripts.filter(({ text }) => text.includes(mark)).map(({ name }) => name);
    assert(holders.length > 0, mark);
    assertEquals(holders.filter((name) => normkit!.includes(name)), [], mark);
  }
});

Deno.test("bundle() says which module it does not find", async () => {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(entry, `import "node:fs"; import "./absent.ts";`);
    await assertRejects(() => bundle({ entry }), Error, "node:fs");
    await assertRejects(() => bundle({ entry }), Error, "absent.ts");
  } finally {
    await Deno.remove(entry);
  }
});
