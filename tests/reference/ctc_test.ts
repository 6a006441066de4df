import { assertAlmostEquals, assertEquals } from "@std/assert";
import { assertClose } from "./assert_close.ts";
import { collapse, ctc, ctcRow, likelihoodByPaths } from "./ctc.ts";
import { differences } from "./differences.ts";
import { randomRows, uniform } from "./random.ts";

Deno.test("collapse() joins repeats before it drops blanks, as the example of §3.1", () => {
  const [blank, a, b] = [0, 1, 2];
  for (const path of [[a, blank, a, b, blank], [blank, a, a, blank, blank, a, b, b]]) {
    assertEquals(collapse(path, blank), [a, a, b]);
  }
});

Deno.test("ctcRow() is the sum over all paths, whichever class is the blank", () => {
  const logits = randomRows(uniform(3), 5, 3);
  for (
    const [label, blank] of [[[], 0], [[1], 0], [[1, 2], 0], [[2, 2, 1], 0], [[0, 1], 2]] as const
  ) {
    const expected = -Math.log(likelihoodByPaths(logits, label, blank));
    assertAlmostEquals(ctcRow(logits, label, blank).loss, expected, 1e-12, `${label}`);
  }
});

Deno.test("ctc()'s gradient agrees with central differences, and is 0 in padding", () => {
  const flat = randomRows(uniform(4), 10, 3).flat();
  const labels = [[1, 2], [1, 1]];
  const batch = (values: ArrayLike<number>): number[][][] =>
    [0, 1].map((b) =>
      [0, 1, 2, 3, 4].map((t) => [0, 1, 2].map((k) => values[(5 * b + t) * 3 + k]!))
    );
  const options = { lengths: [4, 5] };
  const expected = differences((values) => ctc(batch(values), labels, options).loss, flat);
  const { gradient } = ctc(batch(flat), labels, options);
  assertClose(gradient.flat(2), expected, "gradient");
  assertEquals(gradient[0]![4], [0, 0, 0]);
});
