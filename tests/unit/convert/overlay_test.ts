// Tensors over other tensors.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { matrixFrom } from "../../../lib/convert/lazy_matrix.ts";
import { Overlay } from "../../../lib/convert/overlay.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";

const base = memoryTensors({
  a: { shape: [2], values: [1, 2] },
  b: { shape: [2, 2], values: [1, 2, 3, 4] },
  c: { shape: [], values: [7] },
});
const ten = matrixFrom(Float64Array.of(10, 20, 30, 40, 50, 60), 3);

Deno.test("Overlay shows the base until it is changed", async () => {
  const overlay = new Overlay(base);
  assertEquals(overlay.names, ["a", "b", "c"]);
  assertEquals([overlay.has("a"), overlay.has("d")], [true, false]);
  assertEquals(overlay.info("b"), { dtype: "F64", shape: [2, 2] });
  assertEquals(await overlay.rows("b", 1, 1), Float64Array.of(3, 4));
  assertEquals(overlay.untouched("b"), base);
});

Deno.test("Overlay replaces in place, appends what is new, and forgets what is removed", async () => {
  const overlay = new Overlay(base);
  overlay.set("d", [2, 3], "BF16", ten);
  overlay.set("b", [3, 2], "F16", ten);
  overlay.remove("a");
  assertEquals(overlay.names, ["b", "c", "d"]);
  assertEquals(overlay.info("b"), { dtype: "F16", shape: [3, 2], matrix: ten } as never);
  assertEquals([overlay.has("a"), overlay.has("d")], [false, true]);
  const { message } = assertThrows(() => overlay.info("a"), RangeError);
  assertEquals(message, "Cannot find the tensor a: it was removed");
  await assertRejects(() => overlay.rows("a", 0, 1), RangeError, "it was removed");
  assertEquals([overlay.untouched("a"), overlay.untouched("b"), overlay.untouched("d")], [
    undefined,
    undefined,
    undefined,
  ]);
  overlay.set("a", [6], "F32", ten);
  assertEquals(overlay.names, ["a", "b", "c", "d"]);
  overlay.remove("d");
  assertEquals([overlay.has("d"), overlay.names], [false, ["a", "b", "c"]]);
  overlay.remove("nothing");
  assertEquals(base.names, ["a", "b", "c"]);
});

Deno.test("Overlay reads rows of a tensor whose matrix is cut elsewhere", async () => {
  const overlay = new Overlay(base);
  for (const shape of [[2, 3], [3, 2], [6, 1], [1, 6], [6], [3, 1, 2], [1, 2, 3]]) {
    overlay.set("x", shape, "F64", ten);
    assertEquals([...await readTensor(overlay, "x")], [10, 20, 30, 40, 50, 60], `${shape}`);
  }
  overlay.set("x", [3, 2], "F64", ten);
  const parts = await Promise.all([0, 1, 2].map((row) => overlay.rows("x", row, 1)));
  assertEquals(parts.map((part) => [...part]), [[10, 20], [30, 40], [50, 60]]);
  assertEquals([...await overlay.rows("x", 1, 2)], [30, 40, 50, 60]);
});

Deno.test("Overlay of an overlay finds what neither has touched", async () => {
  const first = new Overlay(base);
  first.remove("a");
  first.set("b", [6], "F64", ten);
  const second = new Overlay(first);
  second.set("e", [6], "F64", ten);
  assertEquals(second.names, ["b", "c", "e"]);
  assertEquals(["a", "b", "c", "e"].map((name) => second.untouched(name) === base), [
    false,
    false,
    true,
    false,
  ]);
  assertThrows(() => second.info("a"), RangeError, "it was removed");
  assertEquals((await second.rows("b", 0, 1)).length, 6);
});
