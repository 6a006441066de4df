// JSON that others wrote: values as JSON.parse gives them, and what lies too deep refused before anything is built.

import { assertEquals, assertThrows } from "@std/assert";
import { canonicalJson, jsonText, parseJson, reviveNumber } from "../../../lib/core/json.ts";
import { readJson } from "../../../lib/platform/json_file.ts";
import { inFolder } from "../checkpoint/files.ts";

Deno.test("parseJson() and readJson() read what JSON.parse reads", () =>
  inFolder(async (folder) => {
    const brackets = `"${"[".repeat(200)}\\"${"{".repeat(200)}\\\\"`;
    const texts = ["5", brackets, `{"a":[1,{"b":${brackets}}]}`, `[${"[],".repeat(200)}{}]`];
    for (const text of [...texts, `${"[".repeat(127)}${"]".repeat(127)}`]) {
      assertEquals(parseJson(text, "f"), JSON.parse(text), text);
      await Deno.writeTextFile(`${folder}/f`, text);
      assertEquals(await readJson(`${folder}/f`), JSON.parse(text), text);
    }
  }));

Deno.test("parseJson() changes values as it is told", () => {
  const twice = (_: string, value: unknown): unknown =>
    typeof value === "number" ? 2 * value : value;
  assertEquals(parseJson('{"a":[1,2]}', "f", twice), { a: [2, 4] });
});

Deno.test("parseJson() says where a text is from that is not JSON", () => {
  for (const text of ["", "{", "nul", '"a', '"\\"', "[1 2]", "]"]) {
    const error = assertThrows(() => parseJson(text, "a.json"), SyntaxError);
    assertEquals(error.message, "Cannot read a.json: it is not JSON");
  }
});

Deno.test("parseJson() names a number that Python writes and JSON has not, and no text that looks like one", () => {
  const cases: readonly (readonly [text: string, reason: string])[] = [
    ['{"a": 1, "b \\" c" : Infinity}', 'it has Infinity as "b \\" c", which'],
    ['{"a": {"b": -Infinity}}', 'it has -Infinity as "b", which'],
    ['{"a": [1, NaN]}', "it has NaN, which"],
    ['{"a": "b: NaN", "NaN": NaN}', 'it has NaN as "NaN", which'],
    ["NaN", "it has NaN, which"],
  ];
  for (const [text, reason] of cases) {
    const { message } = assertThrows(() => parseJson(text, "a.json"), SyntaxError);
    const rest = " JSON has not; write a number or null in its place";
    assertEquals(message, `Cannot read a.json: it is not JSON: ${reason}${rest}`);
  }
  for (const text of ['{"a": "NaN"', '{"NaN: Infinity": 1', "[nan]", "[Infinit]"]) {
    const { message } = assertThrows(() => parseJson(text, "a.json"), SyntaxError);
    assertEquals(message, "Cannot read a.json: it is not JSON");
  }
});

Deno.test("parseJson() refuses arrays and objects that lie too deep, however deep", () => {
  for (const depth of [128, 1e5, 1e7]) {
    for (const [open, shut] of [["[", "]"], ['{"a":', "}"]] as const) {
      const text = `${open.repeat(depth)}1${shut.repeat(depth)}`;
      const error = assertThrows(() => parseJson(text, "a.json", (_, value) => value), SyntaxError);
      assertEquals(
        error.message,
        "Cannot read a.json: more than 127 levels of arrays and objects lie in each other",
      );
    }
  }
});

Deno.test("jsonText() writes numbers that JSON lacks as strings, and reviveNumber() gives them back", () => {
  const value = { a: [NaN, 1, { b: -Infinity }], c: Infinity, d: "text", e: null };
  const text = jsonText(value);
  assertEquals(
    JSON.parse(text),
    { a: ["NaN", 1, { b: "-Infinity" }], c: "Infinity", d: "text", e: null },
  );
  assertEquals(parseJson(text, "f", reviveNumber), value);
  assertEquals(jsonText({ a: NaN }, 2), '{\n  "a": "NaN"\n}');
});

Deno.test("canonicalJson() writes equal values alike, whatever the order of their keys", () => {
  const text = '{"a":[1,{"b":"NaN","c":null}],"b":{},"é":"x"}';
  assertEquals(canonicalJson({ é: "x", b: {}, a: [1, { c: null, b: NaN }], d: undefined }), text);
  assertEquals(canonicalJson({ a: [1, { b: NaN, c: null }], b: {}, é: "x" }), text);
});
