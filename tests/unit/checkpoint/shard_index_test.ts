// The index of several files: its text is what transformers writes, and others are refused.

import { assertEquals, assertRejects } from "@std/assert";
import { SafetensorsError } from "../../../lib/checkpoint/error.ts";
import { indexText, readIndex } from "../../../lib/checkpoint/shard_index.ts";
import { inFolder } from "./files.ts";

Deno.test("indexText() is JSON with sorted names and two spaces, and readIndex() reads it", () =>
  inFolder(async (folder) => {
    const files = new Map([["b", "2.safetensors"], ["10", "1.safetensors"], ['é"', "sub/3.st"]]);
    const text = indexText(files, 1234);
    assertEquals(
      text,
      `{
  "metadata": {
    "total_size": 1234
  },
  "weight_map": {
    "10": "1.safetensors",
    "b": "2.safetensors",
    "é\\"": "sub/3.st"
  }
}
`,
    );
    assertEquals(JSON.parse(indexText(new Map(), 0)), {
      metadata: { total_size: 0 },
      weight_map: {},
    });
    await Deno.writeTextFile(`${folder}/index.json`, text);
    assertEquals(
      [...await readIndex(`${folder}/index.json`)].sort(),
      [...files].sort(),
    );
  }));

Deno.test("readIndex() refuses what is no index, and files outside its folder", () =>
  inFolder(async (folder) => {
    const path = `${folder}/index.json`;
    const map = (file: unknown): string => JSON.stringify({ weight_map: { a: file } });
    const cases: readonly (readonly [content: string, reason: string])[] = [
      ["", "it is not JSON: a value is missing, at character 0"],
      ["[]", "it has no weight_map"],
      ["{}", "it has no weight_map"],
      ['{"weight_map":[]}', "it has no weight_map"],
      [
        '{"weight_map":{"a":"x","a":"x"}}',
        'it is not JSON: the name "a" occurs twice, at character 26',
      ],
      [map(1), 'the file of the tensor "a" is no text, and must be one in the same folder'],
      ...[
        "",
        ".",
        "..",
        "../x",
        "a/../../x",
        "a/..",
        "./x",
        "/etc/x",
        "a//x",
        "a/",
        "..\\x",
        "C:x",
        "C:\\x",
        "x\0y",
      ].map((file): [string, string] => [
        map(file),
        `the file of the tensor "a" is ${JSON.stringify(file)}, and must be one in the same folder`,
      ]),
    ];
    for (const [content, reason] of cases) {
      await Deno.writeTextFile(path, content);
      const error = await assertRejects(() => readIndex(path), SafetensorsError);
      assertEquals(error.message, `Cannot read ${path}: ${reason}`);
    }
    for (const long of ["x".repeat(4097), "x/".repeat(5e6), "x".repeat(1e7)]) {
      await Deno.writeTextFile(path, map(long));
      const error = await assertRejects(() => readIndex(path), SafetensorsError);
      assertEquals(error.message.includes("must be one in the same folder"), true);
      assertEquals(error.message.length < 400, true);
    }
    await Deno.writeTextFile(path, map("..x/...y"));
    assertEquals([...(await readIndex(path)).values()], ["..x/...y"]);
  }));

Deno.test("readIndex() refuses an index that is longer than any, unread", () =>
  inFolder(async (folder) => {
    const path = `${folder}/index.json`;
    await Deno.writeTextFile(path, '{"weight_map":{}}');
    await Deno.truncate(path, 2 ** 40); // sparse
    await assertRejects(() => readIndex(path), RangeError, "it has more than 32000000 bytes");
  }));
