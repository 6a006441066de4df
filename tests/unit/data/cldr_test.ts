// CLDR's phrases: pairs of any two languages, without near-duplicates between the parts.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type CldrLanguage, cldrPhrases, nearDuplicateGroups } from "../../../lib/data/mod.ts";

const languagePairs: readonly (readonly [CldrLanguage, CldrLanguage])[] = [
  ["de", "en"],
  ["en", "fr"],
  ["es", "en"],
  ["it", "nl"],
];

for (const [source, target] of languagePairs) {
  Deno.test(`cldrPhrases() has phrases in ${source} and ${target}, and no near-duplicate in both parts`, async () => {
    const { train, heldOut } = await cldrPhrases(source, target);
    assertEquals(
      train.name,
      `CLDR phrases, ${source} to ${target} (npm cldr-annotations-full 48.2.0)`,
    );
    const all = [...train.examples, ...heldOut.examples];
    assertEquals(all.length, 1966);
    assert(heldOut.examples.length > 180 && heldOut.examples.length <= 197);
    for (const side of ["source", "target"] as const) {
      const groups = nearDuplicateGroups(all.map((pair) => pair[side]));
      const trained = new Set(groups.slice(0, train.examples.length));
      assert(groups.slice(train.examples.length).every((group) => !trained.has(group)));
    }
  });
}

Deno.test("cldrPhrases() pairs what is the same, and draws by the seed", async () => {
  const { train, heldOut } = await cldrPhrases("en", "de", { heldOutShare: 0.2 });
  const all = [...train.examples, ...heldOut.examples];
  assert(
    all.some(({ source, target }) => source === "grinning face" && target === "grinsendes Gesicht"),
  );
  assert(heldOut.examples.length > 380 && heldOut.examples.length <= 394);
  const other = await cldrPhrases("en", "de", { heldOutShare: 0.2, seed: 1 });
  assert(JSON.stringify(other.heldOut) !== JSON.stringify(heldOut));
});

Deno.test("cldrPhrases() names the languages that there are", async () => {
  const klingon = "tlh" as CldrLanguage;
  await assertRejects(
    () => cldrPhrases("en", klingon),
    RangeError,
    'Cannot use to = "tlh": it must be one of de, es, fr, it, nl',
  );
  await assertRejects(() => cldrPhrases("en", "en"), RangeError, 'Cannot use to = "en"');
});
