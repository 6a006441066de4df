import { assertEquals, assertThrows } from "@std/assert";
import { jsonText, parseJson } from "../../../lib/core/json.ts";

Deno.test("jsonText() writes numbers that JSON lacks as strings, and parseJson() reads them back", () => {
  const value = { a: [NaN, 1, { b: -Infinity }], c: Infinity, d: "text", e: null };
  const text = jsonText(value);
  assertEquals(
    JSON.parse(text),
    { a: ["NaN", 1, { b: "-Infinity" }], c: "Infinity", d: "text", e: null },
  );
  assertEquals(parseJson(text), value);
  assertEquals(jsonText({ a: NaN }, 2), '{\n  "a": "NaN"\n}');
  assertThrows(() => parseJson("{"), SyntaxError);
});
