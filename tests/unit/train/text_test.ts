// Text files: encodings, line ends, what is no text, what is no file, and what is large.

import { assertEquals, assertRejects } from "@std/assert";
import { tokensOfFile } from "../../../lib/cli/tokenize.ts";
import { readCorpus, readText, type TextOptions } from "../../../lib/train/mod.ts";
import { runHere } from "../../support/cli.ts";
import { inFolder } from "../checkpoint/files.ts";

const text = "Größe, naïve\n— 鯨🐋\n";
const utf8 = new TextEncoder().encode(text);

/** UTF-16 with its byte order mark. */
function utf16(of: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 + 2 * of.length));
  [...`\uFEFF${of}`.split("")].forEach((unit, at) =>
    view.setUint16(2 * at, unit.charCodeAt(0), littleEndian)
  );
  return new Uint8Array(view.buffer);
}

const latin1 = (of: string): Uint8Array => Uint8Array.from(of, (one) => one.charCodeAt(0));

/** Bytes, how they are read, and the text that they are. */
const readable: Readonly<Record<string, readonly [Uint8Array, TextOptions, string]>> = {
  "UTF-8": [utf8, {}, text],
  "UTF-8 by name": [utf8, { encoding: "UTF8" }, text],
  "UTF-8 with a mark": [Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8), {}, text],
  "UTF-16, little end first": [utf16(text, true), {}, text],
  "UTF-16, big end first": [utf16(text, false), {}, text],
  "UTF-16 by name": [utf16(text, true).slice(2), { encoding: "utf-16le" }, text],
  "Latin-1 by name": [latin1("caf\xe9\r\n"), { encoding: "latin1" }, "café\n"],
  "CR LF and CR": [latin1("a\r\nb\rc\n\r\n"), {}, "a\nb\nc\n\n"],
  "CR LF kept": [latin1("a\r\nb\rc\n"), { keepLineEnds: true }, "a\r\nb\rc\n"],
  "a mark in the middle": [new TextEncoder().encode("a\uFEFFb"), {}, "a\uFEFFb"],
  "a replacement character": [new TextEncoder().encode("a\uFFFDb"), {}, "a\uFFFDb"],
};

for (const [name, [bytes, options, expected]] of Object.entries(readable)) {
  Deno.test(`readText() reads ${name}`, () =>
    inFolder(async (folder) => {
      await Deno.writeFile(`${folder}/a.txt`, bytes);
      assertEquals(await readText(`${folder}/a.txt`, options), expected);
    }));
}

/** Bytes that are no text, how they are read, and what is said after the path. */
const unreadable: Readonly<Record<string, readonly [Uint8Array, TextOptions, string]>> = {
  "Latin-1": [
    latin1("one\r\ntwo\ncaf\xe9 au lait"),
    {},
    ' as utf-8: it has other bytes in line 3, after "caf"; ',
  ],
  "UTF-8 that ends in a character": [
    utf8.slice(0, -2),
    {},
    ' as utf-8: it has other bytes in line 2, after "— 鯨"; ',
  ],
  "UTF-16 without a mark": [utf16("abc", true).slice(2), {}, " as utf-8: it holds zero bytes; "],
  "UTF-32": [
    Uint8Array.of(0xff, 0xfe, 0, 0, 97, 0, 0, 0),
    {},
    " as utf-16le: it holds zero bytes; ",
  ],
  "zeros": [new Uint8Array(8), {}, " as utf-8: it holds zero bytes; "],
  "half a pair of UTF-16": [
    Uint8Array.of(0xff, 0xfe, 0x3d, 0xd8, 97, 0),
    {},
    " as utf-16le: it has other bytes in line 1",
  ],
  "a mark of another encoding": [
    utf16("abc", true),
    { encoding: "latin1" },
    " as latin1: its first bytes say utf-16le",
  ],
};

for (const [name, [bytes, options, expected]] of Object.entries(unreadable)) {
  Deno.test(`readText() and readCorpus() refuse ${name}`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/a.txt`;
      await Deno.writeFile(path, bytes);
      const sentence = `Cannot read the text ${path}${expected}`;
      await assertRejects(() => readText(path, options), RangeError, sentence);
      await assertRejects(() => readCorpus(path, options), RangeError, sentence);
    }));
}

Deno.test("readText() names an encoding that there is not", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.txt`, "abc");
    for (const encoding of ["klingon", "", "iso-2022-kr"]) {
      const { message } = await assertRejects(
        () => readText(`${folder}/a.txt`, { encoding }),
        RangeError,
      );
      assertEquals(
        message,
        `Cannot use encoding = ${
          JSON.stringify(encoding)
        }: it must be a label of TextDecoder, such as utf-8, utf-16le, latin1 ` +
          "or shift_jis",
      );
    }
  }));

Deno.test("readText() reads the same wherever the file is cut into pieces", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    for (const before of [65533, 65534, 65535, 65536]) {
      for (const behind of ["🐋", "\r\nx", "\r\r\n", "é"]) {
        await Deno.writeTextFile(path, "a".repeat(before) + behind + "b".repeat(70000));
        const expected = behind.replace(/\r\n?/g, "\n");
        const found = await readText(path);
        assertEquals(found.replace(/^a+|b+$/g, ""), expected);
        assertEquals(found.length, before + expected.length + 70000);
      }
    }
  }));

/** What is no file, and what is said of it after the path. */
const noFiles: Readonly<Record<string, (folder: string) => Promise<[path: string, why: string]>>> =
  {
    "an empty folder": (folder) =>
      Promise.resolve([folder, "it is a folder, and has no file *.txt"]),
    "nothing": (folder) => Promise.resolve([`${folder}/none`, "there is no such file"]),
    "a path through a file": async (folder) => {
      await Deno.writeTextFile(`${folder}/a`, "abc");
      return [`${folder}/a/b`, "a part of its path is no folder"];
    },
    "a pipe": async (folder) => {
      await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
      return [`${folder}/pipe`, "it is a pipe, and must be a file"];
    },
    "an endless device": () => Promise.resolve(["/dev/zero", "it is a device, and must be a file"]),
  };

for (const [name, make] of Object.entries(noFiles)) {
  Deno.test({
    name: `readText(), readCorpus() and normkit train refuse ${name}`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      inFolder(async (folder) => {
        const [path, why] = await make(folder);
        const sentence = `Cannot read the text ${path}: ${why}`;
        assertEquals((await assertRejects(() => readText(path), RangeError)).message, sentence);
        assertEquals((await assertRejects(() => readCorpus(path), RangeError)).message, sentence);
        const words = ["--text", path, "--out", `${folder}/out`, "--backend", "cpu"];
        const { code, err } = await runHere("train", ...words);
        assertEquals([code !== 0, err.includes(sentence)], [true, true], err);
      }),
  });
}

Deno.test("readCorpus() says that a file is empty, too short or too large, by its name", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    for (const content of ["", "\uFEFF"]) {
      await Deno.writeTextFile(path, content);
      await assertRejects(() => readCorpus(path), RangeError, `the text ${path}: it is empty`);
    }
    await Deno.writeTextFile(path, "ab");
    await assertRejects(() => readCorpus(path), RangeError, "Cannot split a text of 2 characters");
    await Deno.truncate(path, 2 ** 31); // a hole: it takes no place on the disk
    const { message } = await assertRejects(() => readCorpus(path), RangeError);
    assertEquals(
      message,
      `Cannot train on the text ${path}: it has 2147483648 bytes, and at most 1073741824 are read`,
    );
  }));

Deno.test("readCorpus() gives what makeCorpus() gives of the text, under the file's name", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    await Deno.writeFile(path, Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8));
    const { name, train, heldOut, tokenizer, bytesPerToken } = await readCorpus(path);
    assertEquals([name, tokenizer.decode(train) + tokenizer.decode(heldOut)], [path, text]);
    assertEquals(bytesPerToken, new TextEncoder().encode("🐋\n").length / 2);
    assertEquals((await readCorpus(path, { name: "mine" })).name, "mine");
  }));

Deno.test("tokensOfFile() reads a text as normkit train does", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    await Deno.writeTextFile(path, "\uFEFFa\r\nb");
    const config = { characters: "\nab" };
    assertEquals(await tokensOfFile(path, folder, config, {}), [1, 0, 2]);
    const kept = () => tokensOfFile(path, folder, config, { keepLineEnds: true });
    await assertRejects(kept, RangeError, 'Cannot encode the character "\\r"');
    assertEquals(await tokensOfFile(folder, folder, config, {}), [1, 0, 2, 0]);
  }));

Deno.test("readCorpus() holds no list of a text's characters: 20 MB in a heap of 48", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    await Deno.writeTextFile(path, "The whale, the sea.\r\n".repeat(1e6));
    const module = new URL("../../../lib/train/corpus.ts", import.meta.url).href;
    const code = `const { readCorpus } = await import(${JSON.stringify(module)});
      const { train, heldOut } = await readCorpus(${JSON.stringify(path)});
      console.log(train.length + heldOut.length);`;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--v8-flags=--max-old-space-size=48", code],
    }).output();
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).trim();
    assertEquals(decode(stdout), String(20e6), decode(stderr));
  }));

Deno.test("readText() and readCorpus() take the texts of a folder for one, in the order of their names", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/b`);
    await Deno.writeFile(`${folder}/a.txt`, utf16("one\r\n", true));
    await Deno.writeTextFile(`${folder}/b/1.TXT`, "two");
    await Deno.writeTextFile(`${folder}/b/2.txt`, "");
    await Deno.writeTextFile(`${folder}/c.txt`, "\uFEFFthree");
    for (const other of ["notes.md", ".hidden.txt"]) {
      await Deno.writeTextFile(`${folder}/${other}`, "no");
    }
    assertEquals(await readText(folder), "one\ntwo\nthree\n");
    const { name, train, heldOut, tokenizer } = await readCorpus(folder, { heldOutShare: 0.5 });
    assertEquals(name, folder);
    assertEquals(tokenizer.decode([...train, ...heldOut]), "one\ntwo\nthree\n");
    await Deno.writeFile(`${folder}/b/3.txt`, latin1("caf\xe9"));
    await assertRejects(
      () => readText(folder),
      RangeError,
      `Cannot read the text ${folder}/b/3.txt as utf-8`,
    );
  }));

Deno.test({
  name: "readText() of a folder reads links to files, and follows no folder in a circle",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/in`);
      await Deno.writeTextFile(`${folder}/blob`, "text");
      await Deno.symlink(`${folder}/blob`, `${folder}/in/a.txt`);
      await Deno.symlink(`${folder}/in`, `${folder}/in/again.txt`);
      await Deno.symlink(`${folder}/none`, `${folder}/in/none.txt`);
      assertEquals(await readText(`${folder}/in`), "text\n");
    }),
});
