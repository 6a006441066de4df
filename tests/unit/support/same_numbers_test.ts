import { assertEquals, assertMatch } from "@std/assert";
import { firstDifference } from "../../support/same_numbers.ts";

const closeness = { relative: 0.02, absolute: 1e-4 };
const compare = (before: string, after: string): string | undefined =>
  firstDifference(before, after, closeness);

Deno.test("firstDifference() takes numbers within the tolerance for equal, and words only as they are", () => {
  assertEquals(compare("loss 2.40 at step 60\n✓", "loss 2.42 at step 60\n✓"), undefined);
  assertEquals(compare("error 3e-7", "error 8.5e-6"), undefined);
  assertEquals(compare("−0.50", "−0.501"), undefined);
  assertMatch(compare("loss 2.40", "loss 2.50")!, /^2\.4 and 2\.5 are too far apart/);
  assertMatch(compare("−0.5", "0.5")!, /"−0.5" before, "0.5" now|too far apart/);
  assertMatch(compare("loss 2.40", "cost 2.40")!, /"loss 2.40" before, "cost 2.40" now/);
});

Deno.test("firstDifference() sees lines that are missing or new", () => {
  assertEquals(compare("a\nb", "a"), '"b" before, nothing now');
  assertEquals(compare("a", "a\nb"), '"b" is new');
});
