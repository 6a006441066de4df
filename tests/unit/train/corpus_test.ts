// Texts as tokens: the tokenizer, the split, and the rows that are cut.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Random } from "../../../lib/core/mod.ts";
import {
  type Batch,
  characterTokenizer,
  encodeCorpus,
  evaluate,
  evenBatches,
  makeCorpus,
  randomBatch,
  train,
} from "../../../lib/train/mod.ts";
import type { DecoderParameters } from "../../../lib/decoder/mod.ts";
import { tiny } from "./tiny_run.ts";

/** Requires that each row's targets are the tokens one place after its inputs. */
function assertShifted(batch: Batch, tokens: Int32Array, length: number): void {
  batch.inputs.forEach((row, index) => {
    assertEquals(row.length, length);
    const targets = batch.targets.subarray(index * length, (index + 1) * length);
    assertEquals(targets.subarray(0, -1), Int32Array.from(row).subarray(1), `row ${index}`);
    const start = Array.from(tokens).findIndex((_, at) =>
      Array.from(row).every((token, i) => tokens[at + i] === token) &&
      tokens[at + length] === targets.at(-1)
    );
    assert(start >= 0, `row ${index} and its last target are not in the text`);
  });
}

Deno.test("characterTokenizer() gives a text back, whatever its script", () => {
  for (const text of ["the whale", "Größe, naïve — ÆØ", "鯨と🐋🐳", "a\nb\tc\r\n", "aaaa"]) {
    const { encode, decode, vocabulary } = characterTokenizer(text);
    const tokens = encode(text);
    assertEquals(decode(tokens), text);
    assertEquals(tokens.length, [...text].length);
    assertEquals(vocabulary, new Set(text).size);
    assert(tokens.every((token) => token < vocabulary));
  }
});

Deno.test("characterTokenizer() orders its characters by code point, and is made again from them", () => {
  const first = characterTokenizer("b🐋aéB");
  assertEquals(first.characters, "Babé🐋");
  assertEquals(characterTokenizer(first.characters).encode("🐋B"), first.encode("🐋B"));
});

Deno.test("characterTokenizer() refuses an empty text, an unknown character and an unknown token", () => {
  assertThrows(() => characterTokenizer(""), RangeError, "vocabulary of an empty text");
  const { encode, decode } = characterTokenizer("abc");
  assertThrows(
    () => encode("abz"),
    RangeError,
    'Cannot encode the character "z": the vocabulary holds 3 others',
  );
  for (const token of [3, -1, 0.5, NaN]) {
    assertThrows(() => decode([token]), RangeError, `token ${token}: tokens go from 0 to 2`);
  }
});

Deno.test("makeCorpus() holds out the end of the text", () => {
  const { train, heldOut, tokenizer, name } = makeCorpus("abcdefghij", { heldOutShare: 0.3 });
  assertEquals(tokenizer.decode(train), "abcdefg");
  assertEquals(tokenizer.decode(heldOut), "hij");
  assertEquals(name, "text");
  assertEquals(makeCorpus("x".repeat(1000)).heldOut.length, 100);
});

Deno.test("makeCorpus() counts the UTF-8 bytes of a held-out token", () => {
  assertEquals(makeCorpus("abcdefgh", { heldOutShare: 0.5 }).bytesPerToken, 1);
  const mixed = makeCorpus("abcdeé鯨🐋", { heldOutShare: 0.5 }); // 1 + 2 + 3 + 4 bytes
  assertEquals(mixed.bytesPerToken, 2.5);
});

Deno.test("makeCorpus() refuses texts that cannot be split and shares that are none", () => {
  assertThrows(() => makeCorpus(""), RangeError, "Cannot train on an empty text");
  assertThrows(
    () => makeCorpus("abc"),
    RangeError,
    "Cannot split a text of 3 characters with 0.1 held out: each part needs at least 2",
  );
  for (const heldOutShare of [0, 1, -0.1, NaN]) {
    const message = `heldOutShare = ${heldOutShare}`;
    assertThrows(() => makeCorpus("abcdefgh", { heldOutShare }), RangeError, message);
  }
});

const text = Int32Array.from({ length: 101 }, (_, i) => (i * 37) % 101); // every token once

Deno.test("randomBatch() has targets one place after the inputs, and repeats from the same seed", () => {
  const size = { rows: 5, length: 7 };
  const batch = randomBatch(text, size, new Random(3));
  assertEquals(batch.inputs.length, 5);
  assertEquals(batch.targets.length, 35);
  assertShifted(batch, text, 7);
  assertEquals(randomBatch(text, size, new Random(3)), batch);
  const other = randomBatch(text, size, new Random(4));
  assert(JSON.stringify(other) !== JSON.stringify(batch));
});

Deno.test("randomBatch() reaches the first and the last row of the text", () => {
  const short = text.subarray(0, 9);
  const { inputs } = randomBatch(short, { rows: 200, length: 6 }, new Random(1));
  const starts = new Set(inputs.map((row) => short.indexOf(row[0]!)));
  assertEquals([...starts].sort(), [0, 1, 2]);
});

Deno.test("evenBatches() spreads the same rows over the text in every call", () => {
  const size = { rows: 2, length: 10, batches: 3 };
  const batches = evenBatches(text, size);
  assertEquals(batches.length, 3);
  for (const batch of batches) assertShifted(batch, text, 10);
  const starts = batches.flatMap(({ inputs }) => inputs.map((row) => text.indexOf(row[0]!)));
  assertEquals(starts, [0, 15, 30, 45, 60, 75]);
  assertEquals(evenBatches(text, size), batches);
});

Deno.test("randomBatch() and evenBatches() refuse a text shorter than a row and its target", () => {
  const short = text.subarray(0, 8);
  const message = "Cannot cut rows of 8 tokens from 8 tokens: a row needs 9";
  const size = { rows: 1, length: 8 };
  assertThrows(() => randomBatch(short, size, new Random(0)), RangeError, message);
  assertThrows(() => evenBatches(short, { ...size, batches: 1 }), RangeError, message);
  for (const [key, value] of [["length", 0], ["rows", 0], ["rows", NaN], ["batches", 0.5]]) {
    const wrong = { rows: 1, length: 2, batches: 1, [key!]: value };
    assertThrows(() => evenBatches(text, wrong), RangeError, `${key} = ${value}`);
    if (key === "batches") continue;
    const { batches: _, ...one } = wrong;
    assertThrows(() => randomBatch(text, one, new Random(0)), RangeError, `${key} = ${value}`);
  }
});

Deno.test("makeCorpus() reads every kind of line end as LF, unless it is told to keep them", () => {
  const of = (text: string, keepLineEnds = false): string => {
    const { train, heldOut, tokenizer } = makeCorpus(text, { heldOutShare: 0.5, keepLineEnds });
    return tokenizer.decode(train) + tokenizer.decode(heldOut);
  };
  const text = "\r\na\r\r\nb\rc\n\rd\r";
  assertEquals(of(text), "\na\n\nb\nc\n\nd\n");
  assertEquals(of(text, true), text);
});

Deno.test("makeCorpus() leaves a byte order mark at the start out, and no other", () => {
  const { train, tokenizer } = makeCorpus("\uFEFFab\uFEFFcdefg", { heldOutShare: 0.4 });
  assertEquals(tokenizer.decode(train), "ab\uFEFFc");
  assertThrows(() => makeCorpus("\uFEFF"), RangeError, "Cannot train on an empty text");
});

Deno.test("makeCorpus() and characterTokenizer() refuse half a surrogate pair, and split no pair", () => {
  for (const text of ["ab\uD83Dcdefgh", "abcdefgh\uDC0B", "\uDC0B\uD83Dabcdefg"]) {
    const place = text.search(/[\uD800-\uDFFF]/);
    const unit = text.charCodeAt(place).toString(16).toUpperCase();
    const message =
      `Cannot use a text with half a surrogate pair (U+${unit} at place ${place}): it is no character`;
    assertThrows(() => makeCorpus(text), RangeError, message);
    assertThrows(() => characterTokenizer(text), RangeError, message);
  }
  const { encode, decode } = characterTokenizer("🐋🐳");
  assertEquals([...encode("🐳🐋🐳")], [1, 0, 1]);
  assertEquals(decode([1, 0]), "🐳🐋");
  assertThrows(() => encode("🐋\uD83D"), RangeError, 'Cannot encode the character "\\ud83d"');
});

Deno.test("characterTokenizer() takes more characters than a call has room for", () => {
  const text = Array.from({ length: 150000 }, (_, at) => String.fromCodePoint(0x10000 + at)).join(
    "",
  );
  const { characters, vocabulary, encode, decode } = characterTokenizer(text);
  assertEquals([vocabulary, characters === text], [150000, true]);
  assertEquals(decode(encode(text.slice(-4))), text.slice(-4));
});

Deno.test("evaluate() and train() tell which part of the text is too short, and count both", async () => {
  const corpus = makeCorpus("abcdefghijklmnopqrst", { name: "letters" }); // 18 and 2
  const settings = { ...tiny, model: { ...tiny.model, context: 19 } };
  const message = "Cannot cut rows of 8 tokens from the held-out part of letters: " +
    "it has 2 of the text's 20 tokens, and a row needs 9";
  await assertRejects(() => train(tiny, corpus), RangeError, message);
  const size = { rows: 1, length: 8, batches: 1 };
  const config = { ...tiny.model, vocabulary: 20 };
  const none = {} as DecoderParameters; // not read
  await assertRejects(() => evaluate(none, config, corpus, size), RangeError, message);
  await assertRejects(
    () => train(settings, corpus),
    RangeError,
    "Cannot cut rows of 19 tokens from the part to train on of letters: it has 18 of the text's 20 tokens",
  );
});

Deno.test("encodeCorpus() says in which line of which text a character has no token", () => {
  const tokenizer = characterTokenizer("ab\n");
  for (const [text, line] of [["ab\naé\nab\nab\n", 2], ["ab\nab\nab\naé\n", 4]] as const) {
    assertThrows(
      () => encodeCorpus(text, tokenizer, { name: "my.txt", heldOutShare: 0.3 }),
      RangeError,
      `Cannot use line ${line} of my.txt: Cannot encode the character "é": the vocabulary holds 3`,
    );
  }
});
