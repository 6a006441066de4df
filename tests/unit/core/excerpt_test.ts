// What sentences show of names and values that files give.

import { assertEquals } from "@std/assert";
import { excerpt, namesText, nameText } from "../../../lib/core/excerpt.ts";

Deno.test("nameText() shows plain names as they are, and others so that a terminal shows text", () => {
  for (const name of ["a.b.0.weight", "transformer.h.0/ä-β_1", "x".repeat(200)]) {
    assertEquals(nameText(name), name);
  }
  assertEquals(nameText("a\nFAILED"), '"a\\nFAILED"');
  assertEquals(nameText("\u001b[31mred"), '"\\u001b[31mred"');
  assertEquals(nameText("a b"), '"a b"');
  assertEquals(nameText(""), '""');
  assertEquals(nameText("\u202eb"), excerpt("\u202eb"));
  assertEquals(nameText("x".repeat(201)), `"${"x".repeat(80)}…"`);
});

Deno.test("namesText() shows the first twenty names", () => {
  const names = Array.from({ length: 23 }, (_, at) => `n${at}`);
  assertEquals(namesText(names.slice(0, 2)), "n0, n1");
  assertEquals(namesText(names.slice(0, 20)), names.slice(0, 20).join(", "));
  assertEquals(namesText(names), `${names.slice(0, 20).join(", ")} and 3 more`);
});
