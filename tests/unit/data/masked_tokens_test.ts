// maskTokens(): how many, which, and what stands there. Counts are binomial: 4.5 standard deviations hold with 7e-6 a count.

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Random } from "../../../lib/core/mod.ts";
import { type MaskedTokens, maskTokens, type MaskTokensOptions } from "../../../lib/data/mod.ts";

const [padding, start, end, mask] = [0, 1, 2, 3];
const options: MaskTokensOptions = { vocabulary: 40, mask, special: [padding, start, end] };

/** Texts of 4 to 36 words between separators, behind which there is padding. */
const rows = Array.from({ length: 3000 }, (_, row) => {
  const words = Array.from({ length: 4 + row % 33 }, (_, at) => 4 + (7 * row + 5 * at) % 36);
  return [start, ...words, end, ...Array.from({ length: 34 - words.length + 3 }, () => padding)];
});

const masked = (seed: number, given: MaskTokensOptions = options): MaskedTokens =>
  maskTokens(rows, new Random(seed), given);

/** Asserts that a count out of many is as its probability wants it. */
function assertBinomial(count: number, trials: number, probability: number, what: string): void {
  const [mean, spread] = [
    trials * probability,
    Math.sqrt(trials * probability * (1 - probability)),
  ];
  assert(
    Math.abs(count - mean) <= 4.5 * spread,
    `${what}: ${count} of ${trials}, expected ${mean} ± ${spread}`,
  );
}

Deno.test("maskTokens() chooses a share of the words of each row, and no special token", () => {
  for (const share of [0.15, 0.4, 0.001]) {
    const { chosen } = masked(1, { ...options, share });
    for (const [row, places] of chosen.entries()) {
      assert(places.every((place) => rows[row]![place]! > mask), `row ${row}: ${places}`);
      const words = rows[row]!.filter((token) => token > mask).length;
      assertEquals(new Set(places).size, Math.max(1, Math.round(share * words)));
      assertEquals(places, places.toSorted((a, b) => a - b));
    }
  }
});

Deno.test("maskTokens() chooses every word as often as any other", () => {
  const same = Array.from({ length: 4000 }, () => rows[26]!); // of 30 words, 5 (4.5, rounded)
  const { chosen } = maskTokens(same, new Random(2), options);
  const counts = new Map<number, number>();
  for (const place of chosen.flat()) counts.set(place, (counts.get(place) ?? 0) + 1);
  assertEquals(
    [...counts.keys()].sort((a, b) => a - b),
    Array.from({ length: 30 }, (_, at) => at + 1),
  );
  for (const [place, count] of counts) assertBinomial(count, 4000, 5 / 30, `place ${place}`);
});

Deno.test("maskTokens() puts masks in 8 places of 10, any word in 1, and leaves 1", () => {
  const { tokens, chosen } = masked(3);
  const pairs = chosen.flatMap((places, row) =>
    places.map((place) => ({ was: rows[row]![place]!, is: tokens[row]![place]! }))
  );
  const masks = pairs.filter(({ is }) => is === mask).length;
  const others = pairs.filter(({ was, is }) => is !== mask && is !== was);
  const same = pairs.length - masks - others.length;
  assert(pairs.length > 8000);
  assertBinomial(masks, pairs.length, 0.8, "masks");
  assertBinomial(others.length, pairs.length, 0.1 * 35 / 36, "other words"); // one in 36 is drawn again
  assertBinomial(same, pairs.length, 0.1 + 0.1 / 36, "the words themselves");
  for (let word = 4; word < 40; word++) {
    const drawn = others.filter(({ is }) => is === word).length;
    assertBinomial(drawn, others.length, 1 / 36, `word ${word}`);
  }
  assert(others.every(({ is }) => is > mask), "no special token is drawn");
});

Deno.test("maskTokens() labels what was chosen, and changes nothing else", () => {
  const { tokens, chosen, labels } = masked(4);
  const width = rows[0]!.length;
  for (const [row, places] of chosen.entries()) {
    for (const [place, token] of rows[row]!.entries()) {
      const isChosen = places.includes(place);
      assertEquals(labels[row * width + place], isChosen ? token : -1);
      if (!isChosen) assertEquals(tokens[row]![place], token);
    }
  }
});

Deno.test("maskTokens() repeats by seed, and takes rows as they are", () => {
  const copy = structuredClone(rows);
  assertEquals(masked(5), masked(5));
  assertNotEquals(masked(5).chosen, masked(6).chosen);
  assertEquals(rows, copy);
  const one = maskTokens([Int32Array.of(start, 9, end), [8]], new Random(0), options);
  assertEquals(one.chosen, [[1], [0]]);
  assertEquals([...one.labels], [-1, 9, -1, 8]);
});

Deno.test("maskTokens() says what cannot be masked", () => {
  const refused: readonly (readonly [rows: readonly number[][], MaskTokensOptions, string])[] = [
    [[[4], [start, end]], options, "Cannot mask row 1: each of its 2 tokens is special"],
    [[[4, mask], [mask]], options, "Cannot mask row 1: each of its 1 tokens is special"],
    [[[4], [5, 40]], options, "Cannot use token 40 of row 1: tokens go from 0 to 39"],
    [[[4.5]], options, "Cannot use token 4.5 of row 0"],
    [
      [[4]],
      { ...options, mask: 40 },
      "Cannot use mask = 40: it must be a whole number ≥ 0 and < 40",
    ],
    [[[4]], { ...options, special: [-1] }, "Cannot use special = -1"],
    [
      [[4]],
      { ...options, share: 0 },
      "Cannot use share = 0: it must be a finite number > 0 and ≤ 1",
    ],
    [[[0]], { vocabulary: 2, mask: 0, special: [1] }, "all 2 of the vocabulary are special"],
  ];
  for (const [rows, options, message] of refused) {
    assertThrows(() => maskTokens(rows, new Random(0), options), RangeError, message);
  }
});
