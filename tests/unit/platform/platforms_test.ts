// Every platform's files, held to one list: what Deno's, Node's and a page's do with them is the same, faults included. Node's runs on Deno's
// `node:fs` here, and on Node itself in `tests/node_test.ts`.

import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { collect } from "../../../lib/core/collections.ts";
import { platform as browser } from "../../../lib/platform/browser.ts";
import { platform as deno } from "../../../lib/platform/deno.ts";
import { platform as node } from "../../../lib/platform/node.ts";
import type { Fault, Platform } from "../../../lib/platform/platform.ts";

const platforms: Readonly<Record<string, Platform>> = { deno, node, browser };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file's text. */
async function textAt({ open }: Platform, path: string): Promise<string> {
  using file = await open(path, "read");
  const buffer = new Uint8Array(await file.size() + 1);
  const count = await file.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

/** The names in a folder, folders with a slash. */
async function namesIn(platform: Platform, folder: string): Promise<string[]> {
  const entries = await collect(platform.readDir(folder));
  return entries.map(({ name, isDirectory }) => isDirectory ? `${name}/` : name).sort();
}

/** What a platform says of something that fails. */
async function faultOf(
  platform: Platform,
  work: () => Promise<unknown>,
): Promise<Fault | undefined> {
  return platform.faultOf(await assertRejects(work));
}

for (const [name, platform] of Object.entries(platforms)) {
  const test = (what: string, body: (folder: string) => Promise<void>): void =>
    Deno.test(`${what} [${name}]`, async () => {
      const folder = await platform.makeTemporaryFolder("normkit-platform-");
      try {
        await body(folder);
      } finally {
        await platform.removeAll(folder);
      }
    });

  test("files are made, written at a position, read in parts and removed", async (folder) => {
    const path = `${folder}/a.bin`;
    using made = await platform.open(path, "create");
    await made.write(bytes("one "));
    await made.write(bytes("two"));
    await made.sync();
    assertEquals(await textAt(platform, path), "one two");
    {
      using again = await platform.open(path, "write");
      await again.write(bytes("ONE"));
      again.seek(4);
      await again.write(bytes("TWO!"));
      await again.sync();
      assertEquals(await again.size(), 8);
    }
    assertEquals(await textAt(platform, path), "ONE TWO!");
    using file = await platform.open(path, "read");
    const buffer = new Uint8Array(3);
    assertEquals([await file.read(buffer), ...buffer], [3, ...bytes("ONE")]);
    file.seek(6);
    assertEquals([await file.read(buffer), ...buffer], [2, ...bytes("O!E")]);
    assertEquals(await file.read(buffer), null);
    await platform.remove(path);
    assertEquals(await namesIn(platform, folder), []);
  });

  test("what is written into an open file is there for whoever looks next", async (folder) => {
    await platform.makeFolder(`${folder}/a`);
    const path = `${folder}/a/log.txt`;
    const log = await platform.open(path, "create");
    await log.write(bytes("one "));
    assertEquals(await textAt(platform, path), "one ");
    await log.write(bytes("two "));
    assertEquals([(await platform.stat(path)).size, await log.size()], [8, 8]);
    await log.write(bytes("three"));
    log.close();
    await platform.rename(`${folder}/a`, `${folder}/b`);
    assertEquals(await textAt(platform, `${folder}/b/log.txt`), "one two three");
  });

  test("nobody else has a file that nobody has locked", async (folder) => {
    using file = await platform.open(`${folder}/lock`, "create");
    assertEquals([await file.tryLock(), await file.tryLock()], [true, true]);
  });

  test("folders are made, listed, renamed with what is in them, and removed", async (folder) => {
    await platform.makeFolder(`${folder}/a/b`, { around: true });
    await platform.makeFolder(`${folder}/a/b`, { around: true });
    await platform.writeFile(`${folder}/a/b/x`, "text");
    await platform.copyFile(`${folder}/a/b/x`, `${folder}/a/y`);
    await platform.rename(`${folder}/a`, `${folder}/c`);
    await platform.rename(`${folder}/c/y`, `${folder}/c/b/x`);
    assertEquals(await namesIn(platform, folder), ["c/"]);
    assertEquals(await namesIn(platform, `${folder}/c`), ["b/"]);
    assertEquals(await namesIn(platform, `${folder}/c/b`), ["x"]);
    const { isFile, isDirectory, size } = await platform.stat(`${folder}/c/b/x`);
    assertEquals({ isFile, isDirectory, size }, { isFile: true, isDirectory: false, size: 4 });
    assertEquals((await platform.lstat(`${folder}/c`)).isDirectory, true);
    await assertRejects(() => platform.removeEmpty(`${folder}/c`));
    await platform.removeAll(`${folder}/c`);
    await platform.makeFolder(`${folder}/d`);
    await platform.removeEmpty(`${folder}/d`);
    assertEquals(await namesIn(platform, folder), []);
  });

  test("faults are told: what is absent, what is there, what is no folder", async (folder) => {
    const [none, file] = [`${folder}/none`, `${folder}/file`];
    await platform.writeFile(file, bytes("x"));
    assertEquals(await faultOf(platform, () => platform.open(none, "read")), "absent");
    assertEquals(await faultOf(platform, () => platform.open(none, "write")), "absent");
    assertEquals(await faultOf(platform, () => platform.stat(none)), "absent");
    assertEquals(await faultOf(platform, () => platform.remove(none)), "absent");
    assertEquals(await faultOf(platform, () => collect(platform.readDir(none))), "absent");
    assertEquals(await faultOf(platform, () => platform.writeFile(`${none}/x`, "")), "absent");
    assertEquals(await faultOf(platform, () => platform.open(file, "create")), "exists");
    assertEquals(await faultOf(platform, () => platform.makeFolder(file)), "exists");
    assertEquals(await faultOf(platform, () => platform.stat(`${file}/x`)), "no-folder");
    assertEquals(platform.faultOf(platform.errorOf("absent", "no")), "absent");
    assertEquals(platform.faultOf(new Error("no")), undefined);
  });

  test("files of packages are read by their address", async () => {
    const found = new TextDecoder().decode(await platform.readResource(import.meta.url));
    assertMatch(found, /^\/\/ Every platform's files/);
  });

  Deno.test(`bytes are compressed as zlib does [${name}]`, async () => {
    const text = new TextEncoder().encode("norm ".repeat(100));
    const packed = await platform.deflate(text);
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    assertEquals(new Uint8Array(await new Response(unpacked).arrayBuffer()), text);
  });

  Deno.test(`a thread is started, and one that fails is told [${name}]`, async () => {
    const words = new Int32Array(new SharedArrayBuffer(4));
    await platform.startThread((words, ready) => {
      Atomics.store(words, 0, 7);
      ready();
    }, words);
    assertEquals(words[0], 7);
    const failing = (): void => {
      throw new Error("no thread");
    };
    await assertRejects(() => platform.startThread(failing, undefined), Error, "no thread");
  });

  Deno.test(`the host is described [${name}]`, () => {
    assertMatch(platform.runtime().version, /./);
    assertEquals(platform.processors() >= 1, true);
    assertEquals(platform.kernel(), undefined);
    assertEquals(platform.paths().basename("/a/b.c"), "b.c");
    assertEquals(platform.paths().dirname("/a/b.c"), "/a");
  });
}

Deno.test("a page's paths are those of Node's rules for slashes", () => {
  const [own, rules] = [browser.paths(), node.paths()];
  for (const path of ["/", "a", "a/", "/a", "/a/", "a/b", "/a/b/c", "./a", "../a/b"]) {
    for (const  of of["basename", "dirname"] as const) {
      assertEquals(own[of](path), rules[of](path), `${of} of ${path}`);
    }
    assertEquals(own.format(own.parse(path)), rules.format(rules.parse(path)), path);
  }
});

Deno.test("a page cannot be ended", () => {
  assertThrows(() => browser.exit(1), Error, "Cannot end a page");
});
