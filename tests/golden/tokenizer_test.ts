// Byte-pair tokenizers are those that Hugging Face's tokenizers trains on the same file, and encode as it does.

import { assertEquals } from "@std/assert";
import { readTokenizer, saveTokenizer, trainTokenizer } from "../../lib/data/mod.ts";
import { inFolder } from "../unit/checkpoint/files.ts";
import golden from "./tokenizer.json" with { type: "json" };

const { text, others, cases } = golden;

for (const { options, table, encodings } of cases) {
  const { vocabulary } = options;
  Deno.test(`trainTokenizer() of ${vocabulary} tokens writes the tokenizer.json that Python's trainer writes`, () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/a.txt`, text);
      const tokenizer = await trainTokenizer(`${folder}/a.txt`, options);
      assertEquals(tokenizer.table, table);
      assertEquals(tokenizer.vocabulary, Object.keys(table.model.vocab).length);
      await saveTokenizer(`${folder}/saved`, tokenizer);
      assertEquals((await readTokenizer(`${folder}/saved`)).table, table);
    }));

  Deno.test(`readTokenizer() of ${vocabulary} tokens encodes as Python does, and decodes to the same text`, () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(table));
      const { encode, decode } = await readTokenizer(folder);
      const special = options.specialTokens;
      for (const [at, one] of [text, ...others].entries()) {
        assertEquals(Array.from(encode(one)), encodings[at], JSON.stringify(one));
        if (!special.some((token) => one.includes(token))) assertEquals(decode(encode(one)), one);
      }
    }));
}
