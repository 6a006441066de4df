// Parallel files: read line by line, as they are; what does not fit is told by file and line.

import { assertEquals, assertRejects } from "@std/assert";
import { readPairs } from "../../../lib/data/mod.ts";
import { inFolder } from "../checkpoint/files.ts";

/** Writes two files; texts are UTF-8. */
async function parallelFiles(
  folder: string,
  ...contents: readonly (string | Uint8Array)[]
): Promise<[source: string, target: string]> {
  const paths: [string, string] = [`${folder}/train.de`, `${folder}/train.en`];
  for (const [at, content] of contents.entries()) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(paths[at]!, bytes);
  }
  return paths;
}

Deno.test("readPairs() pairs lines, whatever their ends, marks and scripts", () =>
  inFolder(async (folder) => {
    const [de, en] = await parallelFiles(folder, "\uFEFFEin Wal.\r\n 鯨🐋 \r\n", "A whale.\nкит");
    const { name, examples } = await readPairs(de, en);
    assertEquals(name, `${de}, ${en}`);
    assertEquals(examples, [
      { source: "Ein Wal.", target: "A whale." },
      { source: " 鯨🐋 ", target: "кит" },
    ]);
    assertEquals((await readPairs(de, en, { name: "IWSLT" })).name, "IWSLT");
  }));

Deno.test("readPairs() takes lines that other programs would cut at U+2028 for one", () =>
  inFolder(async (folder) => {
    const paths = await parallelFiles(folder, "a\u2028b\u0085c\n", "d\n");
    assertEquals((await readPairs(...paths)).examples.length, 1);
  }));

/** Two files, and what is said of them. */
const refused: Readonly<Record<string, readonly [de: string, en: string, sentence: string]>> = {
  "more lines in the one": [
    "eins\nzwei\ndrei\n",
    "one\ntwo\n",
    "Cannot pair DE with EN: EN ends after line 2, and DE has a line 3; both must have as many lines",
  ],
  "more lines in the other": [
    "eins",
    "one\ntwo",
    "Cannot pair DE with EN: DE ends after line 1, and EN has a line 2; both must have as many lines",
  ],
  "an empty line": [
    "eins\n\ndrei\n",
    "one\ntwo\nthree\n",
    'Cannot use line 2 of DE: it is empty, and line 2 of the other file is "two"; both must hold a sentence',
  ],
  "a line of spaces": [
    "eins\nzwei\n",
    "one\n \t\n",
    'Cannot use line 2 of EN: it is empty, and line 2 of the other file is "zwei"; both must hold a sentence',
  ],
  "empty pairs": [
    "eins\n\n",
    "one\n\n",
    'Cannot use line 2 of DE: it is empty, and line 2 of the other file is ""; both must hold a sentence',
  ],
  "nothing": ["", "", "Cannot pair DE with EN: both are empty"],
};

for (const [name, [de, en, sentence]] of Object.entries(refused)) {
  Deno.test(`readPairs() refuses ${name} in a sentence`, () =>
    inFolder(async (folder) => {
      const [source, target] = await parallelFiles(folder, de, en);
      const { message } = await assertRejects(() => readPairs(source, target), RangeError);
      assertEquals(message.replaceAll(source, "DE").replaceAll(target, "EN"), sentence);
    }));
}

Deno.test("readPairs() reads an encoding by name, and refuses bytes of another", () =>
  inFolder(async (folder) => {
    const latin1 = Uint8Array.of(0x63, 0x61, 0x66, 0xe9);
    const [de, en] = await parallelFiles(folder, latin1, latin1);
    const { examples } = await readPairs(de, en, { encoding: "latin1" });
    assertEquals(examples, [{ source: "café", target: "café" }]);
    await assertRejects(() => readPairs(de, en), RangeError, `Cannot read the text ${de} as utf-8`);
    await assertRejects(() => readPairs(`${de}x`, en), RangeError, "there is no such file");
  }));
