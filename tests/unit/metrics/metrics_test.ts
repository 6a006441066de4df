// Measures by hand, and what they refuse.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  accuracy,
  bitsPerByte,
  characterErrorRate,
  corpusBleu,
  corpusChrf,
  perplexity,
  shareOfRight,
  wordErrorRate,
} from "../../../lib/metrics/mod.ts";

Deno.test("wordErrorRate() and characterErrorRate() count what must be changed", () => {
  assertEquals(wordErrorRate(["a b x d"], ["a b c"]), 2 / 3);
  assertEquals(wordErrorRate(["one two", ""], ["one", ""]), 1);
  assertEquals(characterErrorRate(["🐋b"], ["鯨b"]), 1 / 2, "characters, not units of UTF-16");
  assertEquals(wordErrorRate(["a b"], [" "]), 2, "insertions where there is no reference");
});

Deno.test("wordErrorRate() tells more different words apart than there are code units", () => {
  const words = Array.from({ length: 2 ** 16 + 1 }, (_, at) => at).join(" ");
  assertEquals(wordErrorRate([words], ["0 65536"]), (2 ** 16 - 1) / 2);
});

/** Right answers of how many, and the interval in Newcombe 1998, Table I, method 3. */
const intervals: readonly (readonly [right: number, count: number, low: number, high: number])[] = [
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [20, 20, 0.8389, 1],
  [1, 29, 0.0061, 0.1718],
];

Deno.test("shareOfRight() has Wilson's interval", () => {
  for (const [right, count, low, high] of intervals) {
    const found = shareOfRight(right, count);
    assertEquals([found.value, found.count], [right / count, count]);
    assertAlmostEquals(found.low, low, 5e-5);
    assertAlmostEquals(found.high, high, 5e-5);
  }
});

Deno.test("accuracy() compares label by label", () => {
  assertEquals(accuracy([1, 2, 3, 4], Int32Array.of(1, 2, 0, 4)), shareOfRight(3, 4));
});

Deno.test("perplexity() and bitsPerByte() turn nats into what papers report", () => {
  assertAlmostEquals(perplexity(Math.log(50)), 50, 1e-12);
  assertAlmostEquals(bitsPerByte(Math.log(256), 1), 8, 1e-12);
  assertAlmostEquals(bitsPerByte(Math.log(256), 4), 2, 1e-12);
});

// deno-lint-ignore no-explicit-any -- what JavaScript callers may pass
const wrong: any[] = [undefined, "text", 5, [3], [undefined]];

Deno.test("measures refuse what is no list of texts, or of another length, in one sentence", () => {
  for (const scores of [corpusBleu, corpusChrf]) {
    assertThrows(() => scores([], [[]]), RangeError, "Cannot score 0 hypotheses: there must be");
    assertThrows(
      () => scores(["a", "b"], [["a", "b"], ["a"]]),
      RangeError,
      "Cannot score 2 hypotheses against 1 references: each needs one",
    );
    assertThrows(
      () => scores(["a"], []),
      RangeError,
      "Cannot use references = a list: it must have",
    );
    for (const texts of wrong) {
      assertThrows(() => scores(texts, [["a"]]), RangeError, "in hypotheses: it must be a list");
      assertThrows(() => scores(["a"], [texts]), RangeError, "in references: it must be a list");
    }
  }
  assertThrows(() => wordErrorRate(["a"], ["a", "b"]), RangeError, "against 2 references");
  assertThrows(
    () => accuracy([1], [1, 2]),
    RangeError,
    "Cannot compare 1 predictions with 2 labels",
  );
  assertThrows(() => accuracy([], []), RangeError, "Cannot use count = 0");
  assertThrows(() => shareOfRight(3, 2), RangeError, "Cannot use right = 3");
});
