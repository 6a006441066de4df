// What holdOut() holds out: a share by a seed, groups together; and which texts are near-duplicates.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { holdOut, nearDuplicateGroups } from "../../../lib/data/mod.ts";

const numbers = (count: number) => ({
  name: "numbers",
  examples: Array.from({ length: count }, (_, at) => at),
  unit: "m",
});

Deno.test("holdOut() parts the examples by the seed, and keeps their order and what else a dataset has", () => {
  const { train, heldOut } = holdOut(numbers(50), { heldOutShare: 0.2, seed: 3 });
  assertEquals([train.examples.length, heldOut.examples.length], [40, 10]);
  assertEquals([train.unit, heldOut.name], ["m", "numbers"]);
  const all = [...train.examples, ...heldOut.examples].sort((a, b) => a - b);
  assertEquals(all, numbers(50).examples);
  assertEquals(heldOut.examples, heldOut.examples.toSorted((a, b) => a - b));
  const again = (seed: number) =>
    holdOut(numbers(50), { heldOutShare: 0.2, seed }).heldOut.examples;
  assertEquals(again(3), heldOut.examples);
  assert(again(4).join() !== heldOut.examples.join());
});

Deno.test("holdOut() never parts a group, and holds out no more than the share", () => {
  const groups = Int32Array.from({ length: 100 }, (_, at) => at < 60 ? 0 : at % 9);
  for (let seed = 0; seed < 20; seed++) {
    const { train, heldOut } = holdOut(numbers(100), { groups, seed });
    const groupsOf = (examples: readonly number[]) => new Set(examples.map((at) => groups[at]!));
    assertEquals(groupsOf(train.examples).intersection(groupsOf(heldOut.examples)), new Set());
    assert(heldOut.examples.length >= 4 && heldOut.examples.length <= 10);
  }
});

Deno.test("holdOut() says in a sentence what cannot be held out", () => {
  const refused: readonly (readonly [() => unknown, string])[] = [
    [() => holdOut(numbers(1)), "Cannot hold out 0.1 of numbers, which has 1 examples: each part"],
    [() => holdOut(numbers(5), { groups: [1, 1, 1, 1, 1] }), "each part needs at least 1"],
    [() => holdOut(numbers(5), { groups: [1] }), "there are 1 of them for 5 examples"],
    [() => holdOut(numbers(5), { heldOutShare: 1 }), "Cannot use heldOutShare = 1"],
    [() => holdOut(numbers(5), { seed: -1 }), "Cannot use seed = -1"],
  ];
  for (const [act, message] of refused) assertThrows(act, RangeError, message);
});

/** Texts that are near-duplicates, or are not. */
const duplicates: readonly (readonly [one: string, other: string, same: boolean])[] = [
  ["grinning face", "Grinning Face!", true],
  ["Größe", "grösse", false],
  ["café au lait", "cafe\u0301 au-lait", true],
  ["left-pointing arrow", "right-pointing arrow", true],
  ["grinning face", "grinning face with big eyes and tears", false],
  ["左向き二重矢印", "右向き二重矢印", true],
  ["man running", "woman running", true],
  ["cat", "dog", false],
  ["→", "→", true],
  ["→", "←", false],
];

for (const [one, other, same] of duplicates) {
  Deno.test(`"${one}" and "${other}" are ${same ? "" : "no "}near-duplicates`, () => {
    const [a, b] = nearDuplicateGroups([one, other]);
    assertEquals(a === b, same);
  });
}

Deno.test("nearDuplicateGroups() joins through either column, and from one to the next", () => {
  const groups = nearDuplicateGroups(
    ["big red house", "big red horse", "a", "something else"],
    ["eins", "zwei", "zweie", "vier"],
  );
  assertEquals(new Set(groups.slice(0, 3)).size, 1);
  assert(groups[3] !== groups[0]);
});
