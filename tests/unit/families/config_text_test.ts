// A config.json as text: what nothing changed stays as it was written.

import { assertEquals, assertThrows } from "@std/assert";
import { configText, parseConfig } from "../../../lib/families/config_text.ts";
import type { Config } from "../../../lib/families/family.ts";

const text = `{
  "big": 12345678901234567890,
  "eps": 1e-05,
  "list": [
    1.0,
    2
  ],
  "nested": {
    "rope_theta": 10000.0
  },
  "one": 1.0,
  "small": 1E+2,
  "text": "ε",
  "nothing": null
}
`;

Deno.test("configText() of a configuration that was read is its text", () => {
  assertEquals(configText(parseConfig(text, "config.json")), text);
});

Deno.test("configText() takes no string for a number, however it is written", () => {
  const strings = String.raw`{
  "#": "#1.0",
  "##2.0": 3.0,
  "quoted": "\"4.0\" \\",
  "list": [
    "5.0",
    "###6.0",
    7.0
  ]
}
`;
  assertEquals(configText(parseConfig(strings, "config.json")), strings);
  const escaped = parseConfig(String.raw`{ "a": "\u00231.0", "b": 2.0 }`, "config.json");
  assertEquals(configText(escaped), `{\n  "a": "#1.0",\n  "b": 2.0\n}\n`);
});

Deno.test("configText() changes what was changed, and nothing else", () => {
  const config = parseConfig(text, "config.json");
  const { small: _, ...others }: Config = { ...config, one: 2, added: { a: 1 } };
  const changed = text
    .replace('"one": 1.0', '"one": 2')
    .replace('  "small": 1E+2,\n', "")
    .replace('"nothing": null', '"nothing": null,\n  "added": {\n    "a": 1\n  }');
  assertEquals(configText(others), changed);
});

Deno.test("configText() of a changed list or part writes it anew", () => {
  const config = parseConfig(text, "config.json");
  const written = configText({ ...config, nested: { rope_theta: 10000.5 }, list: [1, 3] });
  assertEquals(JSON.parse(written).nested, { rope_theta: 10000.5 });
  assertEquals(JSON.parse(written).list, [1, 3]);
  assertEquals(written.includes('"one": 1.0'), true);
});

Deno.test("configText() of what was never read is JSON", () => {
  assertEquals(
    configText({ model_type: "normkit", eps: 1e-5 }),
    `{
  "model_type": "normkit",
  "eps": 0.00001
}
`,
  );
});

Deno.test("parseConfig() reads an object, whose values are numbers and texts", () => {
  const { big, eps, list, one, text: word } = parseConfig(text, "config.json");
  assertEquals([big, eps, list, one, word], [12345678901234567000, 1e-5, [1, 2], 1, "ε"]);
});

for (const wrong of ["", "{", "[1]", "null", "3", '"text"']) {
  Deno.test(`parseConfig() refuses ${JSON.stringify(wrong)}`, () => {
    const { message } = assertThrows(() => parseConfig(wrong, "a/config.json"), SyntaxError);
    const kind = wrong === "" || wrong === "{" ? "JSON" : "a JSON object";
    assertEquals(message, `Cannot read a/config.json: it is not ${kind}`);
  });
}
