// Byte-pair tokenizers: texts of every kind come back, pieces change no token, and what cannot be trained is refused in a sentence.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type FileTokenizer,
  readTokenizer,
  saveTokenizer,
  trainTokenizer,
} from "../../../lib/data/mod.ts";
import { tokenizerOfTable } from "../../../lib/data/tokenizer_file.ts";
import { encodeCorpus } from "../../../lib/train/mod.ts";
import { inFolder } from "../checkpoint/files.ts";

const sample =
  "The whale, the white whale! Ahab's don't\r\n\r\n  鯨 кит 🐋 naïve\tx\ufeff \u0085y  ";

/** Trains on a text. */
async function trained(folder: string, text: string, vocabulary = 300) {
  await Deno.writeTextFile(`${folder}/a.txt`, text);
  return await trainTokenizer(`${folder}/a.txt`, { vocabulary });
}

Deno.test("trainTokenizer() makes a tokenizer that gives any text back, also of bytes that it has not seen", () =>
  inFolder(async (folder) => {
    const { encode, decode, vocabulary } = await trained(folder, "the whale the whale");
    assertEquals(vocabulary, 257 + 7, "two words of a space and letters, each pair twice");
    for (const text of [sample, "", "\n", "ÿ\u0000\u{10ffff}"]) {
      assertEquals(decode(encode(text)), text);
    }
    assert(encode("the whale").length < 5);
  }));

Deno.test("trainTokenizer() reads byte order marks, line ends and folders as every text", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/texts`);
    await Deno.writeTextFile(`${folder}/texts/1.txt`, "\ufeffone two\r\none two\r\n");
    await Deno.writeTextFile(`${folder}/texts/2.txt`, "three one");
    const found = await trainTokenizer(`${folder}/texts`, { vocabulary: 280 });
    const plain = await trained(folder, "one two\none two\nthree one\n", 280);
    assertEquals(found.table, plain.table);
  }));

/** A table with one merge more. */
function withMerge(table: FileTokenizer["table"], first: string, second: string) {
  const model = table["model"] as { vocab: Record<string, number>; merges: string[][] };
  const vocab = { ...model.vocab, [first + second]: Object.keys(model.vocab).length };
  return { ...table, model: { ...model, vocab, merges: [...model.merges, [first, second]] } };
}

Deno.test("encode() of a long text in pieces gives the tokens of the whole", () =>
  inFolder(async (folder) => {
    const { table: plain } = await trained(folder, sample.repeat(3), 290);
    const table = withMerge(plain, "Ċ", "Âħ"); // of a line's end and U+0085, which lines alone do not have
    const { encode } = tokenizerOfTable(table, "pieces");
    const cut = { content: "<never>", lstrip: true, id: 999, special: true };
    const whole = { ...table, added_tokens: [cut] }; // a token that takes spaces away forbids pieces
    const { encode: encodeWhole } = tokenizerOfTable(whole, "whole");
    let text = "";
    for (let at = 0; text.length < 2 ** 17; at++) text += sample.slice(at % 7, 20 + at * 13 % 50);
    assertEquals(encode(text), encodeWhole(text));
    for (const end of ["\n\u0085\u0085-", "\n\ufeff", "-\n-", " a", "a  b"]) {
      const unbroken = "-".repeat(2 ** 15) + end;
      assertEquals(encode(unbroken), encodeWhole(unbroken), JSON.stringify(end));
    }
  }));

Deno.test("saveTokenizer() writes what readTokenizer() reads, and a corpus is made with it", () =>
  inFolder(async (folder) => {
    const tokenizer = await trained(folder, sample.repeat(20));
    await saveTokenizer(`${folder}/new`, tokenizer);
    const again = await readTokenizer(`${folder}/new`);
    assertEquals(again.encode(sample), tokenizer.encode(sample));
    const { train, heldOut, bytesPerToken } = encodeCorpus(sample.repeat(20), again);
    assert(train.length > heldOut.length && bytesPerToken > 1);
  }));

Deno.test("a tokenizer.json beside a tokenizer_config.json decodes as that says", () =>
  inFolder(async (folder) => {
    await saveTokenizer(folder, await trained(folder, "a ."));
    const settings = { clean_up_tokenization_spaces: true };
    await Deno.writeTextFile(`${folder}/tokenizer_config.json`, JSON.stringify(settings));
    const { encode, decode } = await readTokenizer(folder);
    assertEquals(decode(encode("a .")), "a.");
  }));

Deno.test("trainTokenizer() and readTokenizer() say in a sentence what they cannot use", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    await Deno.writeTextFile(path, "text");
    await Deno.writeTextFile(`${folder}/empty.txt`, "\ufeff");
    const refused: readonly (readonly [() => Promise<unknown>, string])[] = [
      [
        () => trainTokenizer(path, { vocabulary: 256 }),
        "Cannot use vocabulary = 256: it must be a whole number ≥ 257",
      ],
      [() => trainTokenizer(path, { vocabulary: 300.5 }), "Cannot use vocabulary = 300.5"],
      [
        () => trainTokenizer(path, { vocabulary: 300, minFrequency: 0 }),
        "Cannot use minFrequency = 0",
      ],
      [
        () => trainTokenizer(path, { vocabulary: 300, specialTokens: ["a", ""] }),
        'Cannot use "" in specialTokens',
      ],
      [
        () => trainTokenizer(path, { vocabulary: 300, specialTokens: ["<s>", "<s>"] }),
        'Cannot use "<s>" in specialTokens',
      ],
      [() => trainTokenizer(`${folder}/empty.txt`, { vocabulary: 300 }), "empty.txt: it is empty"],
      [() => trainTokenizer(`${folder}/none.txt`, { vocabulary: 300 }), "there is no such file"],
      [() => readTokenizer(folder), `Cannot read text: there is no ${folder}/tokenizer.json`],
    ];
    for (const [act, message] of refused) await assertRejects(act, RangeError, message);
  }));
