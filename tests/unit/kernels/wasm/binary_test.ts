// The WASM binaries that are checked in: what the source makes, with nothing of their own in memory, and alike in both flavors.

import { assert, assertEquals } from "@std/assert";
import { binaryText } from "../../../../lib/workshop/wasm/build.ts";
import { plain, relaxed } from "../../../../lib/kernels/wasm/binary.ts";
import { Random } from "../../../../lib/core/mod.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const flavors: readonly Bytes[] = [relaxed, plain].map((text) => Uint8Array.fromBase64(text));

/** The numbers of a module's sections. */
function sections(bytes: Bytes): number[] {
  const ids: number[] = [];
  for (let at = 8; at < bytes.length;) {
    ids.push(bytes[at++]!);
    let size = 0;
    for (let weight = 1;; weight *= 128) {
      const byte = bytes[at++]!;
      size += (byte % 128) * weight;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}

Deno.test("binary.ts is what the source builds", async () => {
  const path = new URL("../../../../lib/kernels/wasm/binary.ts", import.meta.url);
  assertEquals(await Deno.readTextFile(path) === await binaryText(), true, "deno task kernels");
});

Deno.test("the modules import a memory and nothing else, and have no data", () => {
  for (const bytes of flavors) {
    const module = new WebAssembly.Module(bytes);
    assertEquals(WebAssembly.Module.imports(module), [
      { module: "env", name: "memory", kind: "memory" },
    ]);
    const dataSections = [11, 12]; // data, and the count of data segments
    assertEquals(sections(bytes).filter((id) => dataSections.includes(id)), []);
  }
});

Deno.test("both flavors have the same functions and give the same products within 1e-6", () => {
  const [rows, columns, depth] = [50, 37, 300];
  const random = new Random(1);
  const numbers = Float32Array.from({ length: (rows + columns) * depth }, () => random.normal());
  const found = flavors.map((bytes) => {
    const memory = new WebAssembly.Memory({ initial: 32 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory },
    });
    const [a, b, c, scratch] = [1024, 1024 + rows * depth * 4, 512 * 1024, 1024 * 1024];
    new Float32Array(memory.buffer, a, numbers.length).set(numbers);
    const multiply = exports.multiplyBatch as (...args: number[]) => void;
    const strides = [a, depth * 4, 4, 0, b, 4, columns * 4, 0];
    multiply(...strides, c, rows, columns, depth, 0, scratch, 0, 1);
    const product = new Float32Array(memory.buffer, c, rows * columns).slice();
    return { names: Object.keys(exports), product };
  });
  assertEquals(found[0]!.names, found[1]!.names);
  const size = Math.sqrt(depth);
  for (const [at, value] of found[0]!.product.entries()) {
    assert(value !== 0);
    assert(Math.abs(value - found[1]!.product[at]!) <= 1e-6 * size, `at ${at}`);
  }
});
