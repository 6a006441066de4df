// The change that makes a WASM module's memory a shared one.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { shareMemory } from "../../../lib/backend/shared_memory.ts";
import { withOwnMemory } from "../../../lib/backend/tfjs_wasm.ts";

function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, content.length, ...content];
}

const head = [0, 97, 115, 109, 1, 0, 0, 0];

/** A memory of 1 to 200 pages, exported. */
const own = Uint8Array.from([
  ...head,
  ...section(5, [1, 1, 1, 200, 1]),
  ...section(7, [1, ...name("memory"), 2, 0]),
]);

/** A function, a table, a global and a memory, all imported, with other things around the memory. */
const imported = Uint8Array.from([
  ...head,
  ...section(1, [1, 96, 0, 0]),
  ...section(2, [
    4,
    ...[...name("env"), ...name("f"), 0, 0],
    ...[...name("env"), ...name("table"), 1, 112, 1, 1, 2],
    ...[...name("env"), ...name("memory"), 2, 0, 1],
    ...[...name("env"), ...name("global"), 3, 127, 0],
  ]),
]);

Deno.test("shareMemory() shares a module's own memory", () => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(shareMemory(own)));
  const { buffer } = exports.memory as WebAssembly.Memory;
  assert(buffer as unknown instanceof SharedArrayBuffer);
  assertEquals(buffer.byteLength, 65_536);
});

Deno.test("shareMemory() shares an imported memory, and leaves the other imports", () => {
  const module = new WebAssembly.Module(shareMemory(imported));
  assertEquals(
    WebAssembly.Module.imports(module).map(({ name, kind }) => `${name} ${kind}`),
    ["f function", "table table", "memory memory", "global global"],
  );
  const imports = (memory: WebAssembly.Memory): WebAssembly.Imports => ({
    env: {
      f: () => {},
      table: new WebAssembly.Table({ element: "anyfunc", initial: 1, maximum: 2 }),
      memory,
      global: 7,
    },
  });
  const shared = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  new WebAssembly.Instance(module, imports(shared));
  const plain = new WebAssembly.Memory({ initial: 1 });
  assertThrows(() => new WebAssembly.Instance(module, imports(plain)), WebAssembly.LinkError);
});

Deno.test("withOwnMemory() leaves other modules alone, and puts instantiate() back", async () => {
  const before = WebAssembly.instantiate;
  const { instance } = await withOwnMemory(() => WebAssembly.instantiate(own));
  const { buffer } = instance.exports.memory as WebAssembly.Memory;
  assert(buffer instanceof ArrayBuffer);
  assertEquals(WebAssembly.instantiate, before);
  await assertRejects(() => withOwnMemory(() => Promise.reject(new Error("no"))), Error, "no");
  assertEquals(WebAssembly.instantiate, before);
});
