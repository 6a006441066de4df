import { assertEquals } from "@std/assert";
import { editDistance } from "../../../lib/core/edit_distance.ts";

/** The distance by its definition. */
function defined(one: string, other: string): number {
  if (one === "" || other === "") return one.length + other.length;
  const [rest, otherRest] = [one.slice(1), other.slice(1)];
  if (one[0] === other[0]) return defined(rest, otherRest);
  return 1 + Math.min(defined(rest, otherRest), defined(rest, other), defined(one, otherRest));
}

Deno.test("editDistance() is the distance by its definition, of texts and of lists", () => {
  const words = ["", "a", "ab", "ba", "norm", "nrom", "form", "storm", "kitten", "sitting"];
  for (const one of words) {
    for (const other of words) {
      const expected = defined(one, other);
      assertEquals(editDistance(one, other), expected, `${one}, ${other}`);
      assertEquals(editDistance([...one], [...other]), expected, `[${one}], [${other}]`);
    }
  }
});
