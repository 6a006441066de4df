import { assertEquals, assertRejects } from "@std/assert";
import { exists, writeAtomically, writeFolder, writeStream } from "../../../lib/core/files.ts";

/** Runs a body with a folder that is removed after it. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name);

Deno.test("writeAtomically() writes text and bytes, and makes folders", () =>
  inFolder(async (folder) => {
    await writeAtomically(`${folder}/a/b/text.txt`, "first ✓");
    await writeAtomically(`${folder}/a/b/text.txt`, "second ✓");
    await writeAtomically(`${folder}/bytes.bin`, Uint8Array.of(0, 255));
    assertEquals(await Deno.readTextFile(`${folder}/a/b/text.txt`), "second ✓");
    assertEquals(await Deno.readFile(`${folder}/bytes.bin`), Uint8Array.of(0, 255));
    assertEquals(namesIn(`${folder}/a/b`), ["text.txt"]);
  }));

Deno.test("writeAtomically() leaves no temporary file where it fails, and the old target as it was", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/target`);
    await Deno.writeTextFile(`${folder}/target/inside`, "old");
    await assertRejects(() => writeAtomically(`${folder}/target`, "new"));
    assertEquals(namesIn(folder), ["target"]);
    assertEquals(await Deno.readTextFile(`${folder}/target/inside`), "old");
  }));

Deno.test("writeStream() writes piece by piece, and replaces a file at the end", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a/b/bytes.bin`;
    for (const byte of [1, 2]) {
      await writeStream(path, async (file) => {
        await file.write(Uint8Array.of(byte));
        assertEquals(await exists(path), byte === 2);
        await file.write(Uint8Array.of(byte));
      });
      assertEquals(await Deno.readFile(path), Uint8Array.of(byte, byte));
    }
    assertEquals(namesIn(`${folder}/a/b`), ["bytes.bin"]);
  }));

Deno.test("writeStream() that fails leaves the old file, and no temporary one", () =>
  inFolder(async (folder) => {
    const path = `${folder}/bytes.bin`;
    await Deno.writeTextFile(path, "old");
    const failing = async (file: Deno.FsFile): Promise<void> => {
      await file.write(Uint8Array.of(1));
      throw new Error("no more");
    };
    await assertRejects(() => writeStream(path, failing), Error, "no more");
    assertEquals(namesIn(folder), ["bytes.bin"]);
    assertEquals(await Deno.readTextFile(path), "old");
  }));

Deno.test("writeFolder() fills a folder beside the target, and renames it", () =>
  inFolder(async (folder) => {
    for (const path of [`${folder}/a/model`, `${folder}/b/model/`]) {
      await writeFolder(path, async (temporary) => {
        await Deno.mkdir(`${temporary}/inner`);
        await Deno.writeTextFile(`${temporary}/inner/text.txt`, "text");
        await Deno.writeTextFile(`${temporary}/text.txt`, "text", { mode: 0o400 });
        await Deno.symlink("text.txt", `${temporary}/link.txt`);
        assertEquals(await exists(path), false);
      });
      assertEquals(namesIn(path).sort(), ["inner", "link.txt", "text.txt"]);
      assertEquals(await Deno.readTextFile(`${path}/inner/text.txt`), "text");
      assertEquals(namesIn(path.replace(/model.?$/, "")), ["model"]);
    }
  }));

Deno.test("writeFolder() that fails leaves nothing", () =>
  inFolder(async (folder) => {
    const failing = async (temporary: string): Promise<void> => {
      await Deno.writeTextFile(`${temporary}/text.txt`, "text");
      throw new Error("no more");
    };
    await assertRejects(() => writeFolder(`${folder}/model`, failing), Error, "no more");
    assertEquals(namesIn(folder), []);
  }));

Deno.test("writeFolder() refuses a target that exists, even empty, a file or a dead link", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/empty`);
    await Deno.writeTextFile(`${folder}/file`, "old");
    await Deno.symlink("nowhere", `${folder}/link`);
    for (const name of ["empty", "file", "link"]) {
      let filled = false;
      await assertRejects(
        () => writeFolder(`${folder}/${name}/`, () => Promise.resolve(void (filled = true))),
        RangeError,
        `Cannot write the folder ${folder}/${name}: it must not exist yet`,
      );
      assertEquals(filled, false);
    }
    assertEquals(namesIn(folder).sort(), ["empty", "file", "link"]);
  }));
