import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { undoAll } from "../../../lib/platform/cleanup.ts";
import {
  exists,
  prepareFolder,
  requireAbsent,
  writeAtomically,
  writeFolder,
  writeStream,
} from "../../../lib/platform/files.ts";
import { platform } from "../../../lib/platform/mod.ts";
import type { OpenFile } from "../../../lib/platform/platform.ts";

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
    const failing = async (file: OpenFile): Promise<void> => {
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

Deno.test({
  name: "a write removes what killed processes left, and nothing else",
  ignore: Deno.build.os === "windows", // it cannot lock a folder: nothing is removed there
  fn: () =>
    inFolder(async (folder) => {
      const others = ["a.deadbeef.tmp", "b.normkit.tmp", "c.dead.normkit.tmp", "d.tmp"];
      for (const name of others) await Deno.writeTextFile(`${folder}/${name}`, "mine");
      await Deno.symlink("d.tmp", `${folder}/link.deadbeef.normkit.tmp`);
      await Deno.writeTextFile(`${folder}/model.deadbeef.normkit.tmp`, "left");
      await Deno.mkdir(`${folder}/model.0badcafe.normkit.tmp/inner`, { recursive: true });
      const held = `${folder}/model.12345678.normkit.tmp`;
      await Deno.mkdir(held);
      using living = await Deno.open(held);
      await living.lock(true);
      await writeAtomically(`${folder}/new`, "new");
      assertEquals(
        namesIn(folder).sort(),
        [...others, "link.deadbeef.normkit.tmp", "model.12345678.normkit.tmp", "new"].sort(),
      );
    }),
});

Deno.test("writes at the same time leave each other's temporary files alone", () =>
  inFolder(async (folder) => {
    const names = Array.from({ length: 20 }, (_, at) => `${folder}/${at % 5}/${at}`);
    await Promise.all(
      names.map((name, at) =>
        at % 2 === 0
          ? writeAtomically(name, name)
          : writeFolder(name, (made) => Deno.writeTextFile(`${made}/text`, name))
      ),
    );
    for (const [at, name] of names.entries()) {
      assertEquals(await Deno.readTextFile(at % 2 === 0 ? name : `${name}/text`), name);
    }
  }));

Deno.test("writes go on where others take folders away that are empty", () =>
  inFolder(async (folder) => {
    const place = `${folder}/a/b`;
    const rounds = Array.from({ length: 60 }, (_, at) => at);
    const removed = async (): Promise<void> => {
      for (const path of [place, `${folder}/a`]) await platform.removeEmpty(path).catch(() => {});
    };
    const prepares = async (): Promise<void> => {
      for (const _ of rounds) await (await prepareFolder(place))[Symbol.asyncDispose]();
    };
    const writes = async (name: string): Promise<void> => {
      for (const _ of rounds) {
        await writeAtomically(`${place}/${name}`, name);
        assertEquals(await Deno.readTextFile(`${place}/${name}`), name);
        await Deno.remove(`${place}/${name}`);
        await removed();
      }
    };
    await Promise.all([prepares(), prepares(), writes("c"), writes("d")]);
    await removed();
    assertEquals(namesIn(folder), []);
  }));

Deno.test("undoAll() removes what is being written", () =>
  inFolder(async (folder) => {
    await assertRejects(() =>
      writeFolder(`${folder}/model`, async (temporary) => {
        await writeStream(`${temporary}/weights`, async (file) => {
          await file.write(Uint8Array.of(1));
          undoAll();
        });
      })
    );
    assertEquals(namesIn(folder), []);
  }));

Deno.test("a write that fails removes the folders that it made", () =>
  inFolder(async (folder) => {
    const failing = () => Promise.reject(new Error("no more"));
    await Deno.mkdir(`${folder}/there`);
    for (const write of [writeFolder, writeStream]) {
      await assertRejects(() => write(`${folder}/there/a/b/c`, failing), Error, "no more");
    }
    assertEquals([namesIn(folder), namesIn(`${folder}/there`)], [["there"], []]);
  }));

Deno.test("requireAbsent() refuses files, folders, links to nowhere and devices, with slashes too", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/made`);
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.symlink("nowhere", `${folder}/dead`);
    await Deno.symlink(folder, `${folder}/alias`);
    for (const name of ["made", "file", "dead", "alias", "alias/file", "made/../file"]) {
      for (const path of [`${folder}/${name}`, `${folder}/${name}//`]) {
        const { message } = await assertRejects(() => requireAbsent(path), RangeError);
        assertEquals(message, `Cannot write to ${folder}/${name}: it exists already`);
      }
    }
    await requireAbsent(`${folder}/new`);
    await requireAbsent(`${folder}/new/deeper/`);
    if (Deno.build.os !== "windows") {
      await assertRejects(() => requireAbsent("/dev/null"), RangeError, "it exists already");
    }
  }));

Deno.test("prepareFolder() makes a folder, tries it, and takes back what stayed empty", () =>
  inFolder(async (folder) => {
    {
      await using _made = await prepareFolder(`${folder}/a/b/`);
      assertEquals(namesIn(`${folder}/a/b`), []);
    }
    assertEquals(namesIn(folder), []);
    {
      await using _made = await prepareFolder(`${folder}/a/b`);
      await Deno.writeTextFile(`${folder}/a/kept`, "");
    }
    assertEquals(namesIn(`${folder}/a`), ["kept"]);
    for (const path of [`${folder}/a/kept`, `${folder}/a/kept/inside`]) {
      await assertRejects(
        () => prepareFolder(path),
        RangeError,
        `Cannot write into the folder ${path}: `,
      );
    }
    assertEquals(namesIn(`${folder}/a`), ["kept"]);
  }));

Deno.test("writeFolder() refuses a target that came while it was renamed", () =>
  inFolder(async (folder) => {
    const { rename } = platform;
    const renameLate: typeof rename = async (from, to) => {
      await Deno.mkdir(`${to}/inside`, { recursive: true });
      await rename(from, to);
    };
    Object.assign(platform, { rename: renameLate });
    try {
      await assertRejects(
        () => writeFolder(`${folder}/made`, () => Promise.resolve()),
        RangeError,
        `Cannot write to ${folder}/made: it exists already`,
      );
    } finally {
      Object.assign(platform, { rename });
    }
    assertEquals(namesIn(folder), ["made"]);
  }));

Deno.test("a name that no file can have is absent, and refused where it is written", () =>
  inFolder(async (folder) => {
    for (const name of ["n".repeat(250), "n".repeat(300), "ä".repeat(130)]) {
      const path = `${folder}/${name}`;
      assertEquals(await exists(path), false);
      for (const write of [writeStream, writeFolder]) {
        await assertRejects(
          () => write(path, () => Promise.resolve()),
          RangeError,
          `Cannot write ${path}: its name is too long`,
        );
      }
    }
    assertEquals(namesIn(folder), []);
  }));

Deno.test("what cannot be written is named, with the reason", () =>
  inFolder(async (folder) => {
    const path = `${folder}/made/file`;
    const full = Object.assign(new Error("No space left on device (os error 28)"), {
      code: "ENOSPC",
    });
    const readOnly = Object.assign(new Error("Read-only file system (os error 30)"), {
      code: "EROFS",
    });
    const cases = [
      [full, Error, "no space is left on its disk"],
      [readOnly, RangeError, "its disk is read-only"],
      [new Deno.errors.PermissionDenied("(os error 13)"), RangeError, "you may not"],
    ] as const;
    for (const [cause, kind, reason] of cases) {
      const fail = (): Promise<void> => Promise.reject(cause);
      for (const write of [writeStream, writeFolder]) {
        const error = await assertRejects(() => write(path, fail), kind);
        assertEquals([error.constructor, error.message], [kind, `Cannot write ${path}: ${reason}`]);
        assertEquals(namesIn(folder), []);
      }
    }
    const nested = () =>
      writeFolder(path, (made) => writeStream(`${made}/a`, () => Promise.reject(full)));
    assertEquals(
      (await assertRejects(nested)).message,
      `Cannot write ${path}: no space is left on its disk`,
    );
    const other = new SyntaxError("a mistake of the writer");
    const same = await assertRejects(() => writeFolder(path, () => Promise.reject(other)));
    assertStrictEquals(same, other);
  }));
