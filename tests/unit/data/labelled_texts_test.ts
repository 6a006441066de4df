// Texts with labels: what is read of folders, what is refused, and that no meaning is in both parts of the phrases.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { cldrPhrases, phraseLanguages, readTextFolder } from "../../../lib/data/mod.ts";
import { inFolder } from "../checkpoint/files.ts";

Deno.test("readTextFolder() labels texts by the folders' order, whatever their encoding", () =>
  inFolder(async (folder) => {
    for (const name of ["pos", "neg", "_other"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/pos/2.txt`, "\uFEFFgood\r\nday");
    await Deno.writeTextFile(`${folder}/neg/1.txt`, "bad");
    await Deno.writeTextFile(`${folder}/neg/notes.md`, "no");
    assertEquals(await readTextFolder(folder, { name: "days" }), {
      name: "days",
      classes: ["neg", "pos"],
      examples: [{ text: "bad", label: 0 }, { text: "good\nday", label: 1 }],
    });
    await assertRejects(() => readTextFolder(folder, { classes: ["pos"] }), RangeError, '"neg"');
    await Deno.writeTextFile(`${folder}/neg/3.txt`, " \n");
    await assertRejects(() => readTextFolder(folder), RangeError, "3.txt: it is empty");
    await Deno.writeFile(`${folder}/neg/3.txt`, Uint8Array.of(0xff, 0x41));
    await assertRejects(() => readTextFolder(folder), RangeError, "3.txt");
  }));

if (Deno.build.os !== "windows") {
  Deno.test("readTextFolder() takes links to folders for classes, and none that leads nowhere", () =>
    inFolder(async (folder) => {
      for (const name of ["a", "b"]) {
        await Deno.mkdir(`${folder}/all/${name}`, { recursive: true });
        await Deno.writeTextFile(`${folder}/all/${name}/1.txt`, name);
      }
      await Deno.mkdir(`${folder}/some`);
      for (const [name, to] of [["x", "../all/b"], ["gone", "nowhere"], ["1", "1"]] as const) {
        await Deno.symlink(to, `${folder}/some/${name}`);
      }
      const { classes, examples } = await readTextFolder(`${folder}/some`);
      assertEquals([classes, examples], [["x"], [{ text: "b", label: 0 }]]);
    }));
}

Deno.test("phraseLanguages() has all six languages in both parts, and no meaning in both", async () => {
  const { train, heldOut } = await phraseLanguages();
  const texts = (part: typeof train, label: number) =>
    new Set(part.examples.filter((one) => one.label === label).map(({ text }) => text));
  for (const [label, language] of train.classes.entries()) {
    assert(texts(train, label).size > 1000, language);
    assert(texts(heldOut, label).size > 50, language);
  }
  const own = train.classes.indexOf("en");
  const english = [texts(train, own), texts(heldOut, own)] as const;
  assertEquals([...english[0]].filter((text) => english[1].has(text)), []);
  const { train: pairs } = await cldrPhrases("en", "fr", { heldOutShare: 0.01 });
  const meaning = new Map(pairs.examples.map(({ source, target }) => [target, source]));
  const french = [...texts(train, train.classes.indexOf("fr"))];
  const known = french.filter((text) => meaning.has(text));
  assert(known.length > 1000 && known.every((text) => english[0].has(meaning.get(text)!)));
});
