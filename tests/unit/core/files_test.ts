import { assertEquals, assertRejects } from "@std/assert";
import { writeAtomically } from "../../../lib/core/files.ts";

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
