// Languages of translators: the token of each stands where mBART of 50, M2M100 and NLLB have it, and mBART of 25.

import { assertEquals, assertThrows } from "@std/assert";
import { languageOf } from "../../../lib/data/languages.ts";

const words = ["<pad>", "</s>", "de_DE", "__en__", "fra_Latn", "<mask>", "a", "b"];

/** A tokenizer of letters that puts tokens around each text. */
const around = (before: readonly number[], behind: readonly number[]) => ({
  special: new Set([0, 1, 2, 3, 4, 5]),
  encode: (text: string) => [...before, ...[...text].map((word) => words.indexOf(word)), ...behind],
  decode: (tokens: readonly number[]) => tokens.map((token) => ` ${words[token]}`).join(""),
});

Deno.test("languageOf() puts a language's token where the tokenizer puts that of another", () => {
  const before = languageOf(around([2], [1]), "fra_Latn"); // NLLB, M2M100, mBART of 50
  assertEquals([...before.encode("ab")], [4, 6, 7, 1]);
  assertEquals([before.token, before.isBehind], [4, false]);
  const behind = languageOf(around([], [1, 2]), "__en__"); // mBART of 25
  assertEquals([...behind.encode("ab")], [6, 7, 1, 3]);
  assertEquals([behind.token, behind.isBehind], [3, true]);
});

Deno.test("languageOf() puts it before texts around which the tokenizer puts none", () => {
  const bare = languageOf(around([], [1]), "de_DE");
  assertEquals([...bare.encode("a")], [2, 6, 1]);
  assertEquals(bare.isBehind, false);
  assertEquals(languageOf(around([], []), "de_DE").isBehind, false);
});

Deno.test("languageOf() names the languages that there are", () => {
  assertThrows(
    () => languageOf(around([2], [1]), "de_DF"),
    RangeError,
    'Cannot use the language "de_DF": did you mean "de_DE"? the model\'s languages are __en__, de_DE, fra_Latn',
  );
  const none = { ...around([], []), special: new Set([0, 5]) };
  assertThrows(() => languageOf(none, "de_DE"), RangeError, "has no tokens of languages");
});
