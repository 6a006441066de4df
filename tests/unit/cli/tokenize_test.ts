// Tokenizers of strangers: what is broken is refused with the file's name.

import { assertEquals, assertRejects } from "@std/assert";
import { tokensOfFile } from "../../../lib/cli/tokenize.ts";
import { inFolder } from "../checkpoint/files.ts";

Deno.test("tokensOfFile() refuses a tokenizer.json that is none, and names it", () =>
  inFolder(async (folder) => {
    const [text, path] = [`${folder}/a.txt`, `${folder}/tokenizer.json`];
    await Deno.writeTextFile(text, "a");
    const tokens = (): Promise<number[]> => tokensOfFile(text, folder, {}, {});
    for (const broken of ["null", "5", "[]", "{}", '{"model":null}', '{"model":{"type":"BPE"}}']) {
      await Deno.writeTextFile(path, broken);
      const { message } = await assertRejects(tokens, RangeError);
      assertEquals(message.startsWith(`Cannot use ${path}: `), true, message);
    }
    await Deno.writeTextFile(path, "[".repeat(1e5));
    await assertRejects(tokens, SyntaxError, `Cannot read ${path}: more than 127 levels`);
  }));
