// Files that others made: read whole and by lines up to a limit, and refused at once where they are no files.

import { assertEquals, assertRejects } from "@std/assert";
import { openRegular, readLines, readTextFile, statOf } from "../../../lib/platform/text_file.ts";
import { inFolder } from "../checkpoint/files.ts";

/** What a promise settles to, or "waits" after five seconds; what waits for a pipe is let go by writing to it. */
async function within<T>(promise: Promise<T>, pipe: string): Promise<T | "waits"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"waits">((resolve) => {
    timer = setTimeout(() => {
      resolve("waits");
      new Deno.Command("sh", { args: ["-c", `: > "$1"`, "sh", pipe] }).spawn().unref();
    }, 5000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("readTextFile() reads a file and a symlink to it, a character across two pieces included", () =>
  inFolder(async (folder) => {
    const text = `${"a".repeat(2 ** 16 - 1)}🐋\nend`;
    await Deno.writeTextFile(`${folder}/a`, text);
    await Deno.symlink(`${folder}/a`, `${folder}/link`);
    assertEquals(await readTextFile(`${folder}/a`), text);
    assertEquals(await readTextFile(`${folder}/link`), text);
    await Deno.writeTextFile(`${folder}/empty`, "");
    assertEquals(await readTextFile(`${folder}/empty`), "");
    await assertRejects(() => readTextFile(`${folder}/none`), Deno.errors.NotFound);
  }));

Deno.test("readTextFile() refuses more than is allowed before it is read, and what is not UTF-8", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a`;
    using sparse = await Deno.open(path, { create: true, write: true });
    await sparse.truncate(2 ** 40);
    await assertRejects(
      () => readTextFile(path),
      RangeError,
      `Cannot read ${path}: it has more than 100000000 bytes`,
    );
    await Deno.writeTextFile(path, "12345");
    assertEquals(await readTextFile(path, 5), "12345");
    await assertRejects(() => readTextFile(path, 4), RangeError, "it has more than 4 bytes");
    for (const bytes of [[0x61, 0xff], [0x61, 0xc3], [0xff, 0xff]]) {
      await Deno.writeFile(path, Uint8Array.from(bytes));
      const { message } = await assertRejects(() => readTextFile(path), SyntaxError);
      assertEquals(message, `Cannot read ${path}: it is not UTF-8`);
    }
    for (const bytes of [[0xff, 0xfe, 0x61, 0], [0xfe, 0xff, 0, 0x61]]) {
      await Deno.writeFile(path, Uint8Array.from(bytes));
      const { message } = await assertRejects(() => readTextFile(path), SyntaxError);
      assertEquals(message, `Cannot read ${path}: it is not UTF-8 but UTF-16; save it as UTF-8`);
    }
  }));

Deno.test("readLines() gives lines across pieces", () =>
  inFolder(async (folder) => {
    const lines = ["a".repeat(200_000), "", "🐋", "b".repeat(70_000), ""];
    await Deno.writeTextFile(`${folder}/a`, lines.join("\n"));
    assertEquals(await Array.fromAsync(readLines(`${folder}/a`)), lines.slice(0, -1));
    await assertRejects(
      () => Array.fromAsync(readLines(`${folder}/a`, 1000)),
      RangeError,
      "it has more than 1000 bytes",
    );
  }));

Deno.test({
  name: "openRegular() refuses folders, devices and pipes, which it does not wait for",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const pipe = `${folder}/pipe`;
      await new Deno.Command("mkfifo", { args: [pipe] }).output();
      await Deno.symlink("/dev/zero", `${folder}/endless`);
      using _socket = Deno.listen({ transport: "unix", path: `${folder}/socket` });
      const cases = [
        [folder, "a folder"],
        [`${folder}/endless`, "a device"],
        [`${folder}/socket`, "a socket"],
        [pipe, "a pipe"],
      ] as const;
      for (const [path, kind] of cases) {
        const refused = await within(
          openRegular(path).then((file) => file.close(), (error: Error) => error.message),
          pipe,
        );
        assertEquals(refused, `Cannot read ${path}: it is ${kind}, and must be a regular file`);
      }
    }),
});

Deno.test({
  name: "what a path is no file for is said in a sentence",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "");
      await Deno.symlink("gone", `${folder}/dangling`);
      await Deno.symlink("circle", `${folder}/circle`);
      await Deno.symlink("a", `${folder}/b`);
      await Deno.symlink("b", `${folder}/a`);
      const cases = [
        ["dangling", RangeError, "it is a symlink to gone, which is not there"],
        ["circle", RangeError, "its symlinks lead in a circle"],
        ["a/config.json", RangeError, "its symlinks lead in a circle"],
        ["none", Deno.errors.NotFound, "there is no such file"],
        ["file/config.json", Deno.errors.NotFound, "a part of its path is no folder"],
        ["dangling/config.json", Deno.errors.NotFound, "there is no such file"],
      ] as const;
      for (const [name, kind, reason] of cases) {
        const path = `${folder}/${name}`;
        for (const look of [statOf, readTextFile]) {
          const { message } = await assertRejects(() => look(path), kind);
          assertEquals(message, `Cannot read ${path}: ${reason}`);
        }
      }
    }),
});

Deno.test({
  name: "a file that Deno may not read is one that Deno may not read",
  permissions: { read: false },
  fn: async () => {
    await assertRejects(
      () => openRegular("/no/permission"),
      Deno.errors.NotCapable,
      "Cannot read /no/permission: Deno may not (--allow-read)",
    );
  },
});
