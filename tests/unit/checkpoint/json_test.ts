// The strict JSON of headers: what JSON.parse reads and no more, and each complaint.

import { assertEquals, assertThrows } from "@std/assert";
import { type Json, mostValues, parseJson, tableEntries } from "../../../lib/checkpoint/json.ts";
import { excerpt } from "../../../lib/core/excerpt.ts";

/** A value as JSON.parse would give it. */
function plain(value: Json): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]));
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "bigint" ? Number(value) : value;
}

Deno.test("parseJson() reads what JSON.parse reads", () => {
  const texts = [
    "null",
    " true ",
    "false",
    '""',
    '"tab\\t, quote\\", slash\\/, \\u00e9, \\ud83d\\ude00, 😀, ✓"',
    "0",
    "-0",
    "-0.5e-3",
    "1E+2",
    "12345678901234567890",
    "123456789012345678901",
    "[]",
    "{}",
    "[ 1 , [ ] ,{ } ]\t\r\n",
    '{"a":{"b":[1,"x",null,true]},"":2,"__proto__":{"c":1}}',
    `${"[".repeat(127)}${"]".repeat(127)}`,
  ];
  for (const text of texts) assertEquals(plain(parseJson(text)), JSON.parse(text), text);
});

Deno.test("parseJson() gives whole numbers as bigints, others as numbers", () => {
  const read = parseJson("[0, 18446744073709551615, -1, 1.0, 1e2]");
  assertEquals(read, [0n, 18446744073709551615n, -1, 1, 100]);
});

Deno.test("parseJson() keeps the order of names that look like numbers", () => {
  assertEquals([...parseJson('{"b":1,"1":2,"0":3}') as Map<string, Json>], [
    ["b", 1n],
    ["1", 2n],
    ["0", 3n],
  ]);
});

Deno.test("parseJson() names what is wrong and where", () => {
  const cases: readonly (readonly [text: string, message: string])[] = [
    ["", "a value is missing, at character 0"],
    ["nul", "a value is missing, at character 0"],
    ["[1,]", "a value is missing, at character 3"],
    ["[1 2]", "a comma or ] is missing, at character 3"],
    ["[1", "a comma or ] is missing, at character 2"],
    ['{"a":1,}', "a name is missing, at character 7"],
    ["{a:1}", "a name is missing, at character 1"],
    ['{"a" 1}', "a colon is missing, at character 5"],
    ['{"a":1 "b":2}', "a comma or } is missing, at character 7"],
    ['{"a":1', "a comma or } is missing, at character 6"],
    ["{} {}", "something follows its end, at character 3"],
    ["01", "something follows its end, at character 1"],
    ["1.", "something follows its end, at character 1"],
    ["+1", "a value is missing, at character 0"],
    ["NaN", "a value is missing, at character 0"],
    ["'a'", "a value is missing, at character 0"],
    ["1e999", "a number is out of range, at character 0"],
    ['"abc', "a string has no end or holds a control character, at character 0"],
    ['"abc\\', "a string has no end or holds a control character, at character 0"],
    ['"a\nb"', "a string has no end or holds a control character, at character 0"],
    ['"\\x"', "a string holds a wrong escape, at character 0"],
    ['"\\u12g4"', "a string holds a wrong escape, at character 0"],
    ['"\\ud800"', "a string holds a wrong escape, at character 0"],
    ['"\\udc00\\ud800"', "a string holds a wrong escape, at character 0"],
    ['{"a":1,"b":2,"a":3}', 'the name "a" occurs twice, at character 16'],
    ['{"a":1,"\\u0061":3}', 'the name "a" occurs twice, at character 15'],
    ['[{"x":{"y":1,"y":1}}]', 'the name "y" occurs twice, at character 16'],
    ["[".repeat(1e6), "more than 127 levels lie in each other, at character 127"],
    ['{"a":'.repeat(1e5), "more than 127 levels lie in each other, at character 635"],
  ];
  for (const [text, message] of cases) {
    const error = assertThrows(() => parseJson(text), SyntaxError);
    assertEquals(error.message, message, text.slice(0, 40));
  }
});

Deno.test("excerpt() quotes a text and cuts a long one", () => {
  assertEquals(excerpt('a"b\n'), '"a\\"b\\n"');
  assertEquals(excerpt("x".repeat(1e6)), `"${"x".repeat(80)}…"`);
});

Deno.test("tableEntries() gives each entry before it reads the next", () => {
  assertEquals([...tableEntries(' { "b" : [1] , "1":{} }\n')], [["b", [1n]], ["1", new Map()]]);
  assertEquals([...tableEntries("{}")], []);
  const entries = tableEntries('{"a":1,"b":2 no')[Symbol.iterator]();
  assertEquals(entries.next().value, ["a", 1n]);
  assertEquals(entries.next().value, ["b", 2n]);
  assertThrows(() => entries.next(), SyntaxError, "a comma or } is missing, at character 13");
});

Deno.test("tableEntries() refuses equal names, other values than tables, and what follows", () => {
  const cases = [
    ['{"a":1,"b":2,"\\u0061":3}', 'the name "a" occurs twice'],
    ['{"a":{"x":1,"x":2}}', 'the name "x" occurs twice, at character 15'],
    ["[]", "{ is missing, at character 0"],
    ["{} 1", "something follows its end, at character 3"],
    [`{"a":${"[".repeat(127)}`, "more than 127 levels lie in each other, at character 131"],
  ] as const;
  for (const [text, message] of cases) {
    assertEquals(assertThrows(() => [...tableEntries(text)], SyntaxError).message, message);
  }
});

Deno.test("tableEntries() refuses an entry of too many values before it reads them all", () => {
  const list = (length: number): string => `[${"0,".repeat(length - 1)}0`;
  const [[name, value]] = [...tableEntries(`{"a":${list(mostValues - 1)}]}`)] as [[string, Json[]]];
  assertEquals([name, value.length], ["a", mostValues - 1]);
  for (const entry of [list(mostValues), `[[],{"b":${list(mostValues)}`]) {
    assertThrows(
      () => [...tableEntries(`{"a":${entry}`)], // whose end is missing
      SyntaxError,
      "more than 100000 values lie in one entry",
    );
  }
});
