import { assertAlmostEquals } from "@std/assert";
import { assertClose } from "./assert_close.ts";
import { maskedSoftmax, maskedSoftmaxGrad } from "./attention.ts";
import { differences } from "./differences.ts";
import { gelu, geluSlope, normalShare } from "./gelu.ts";
import { randomRow, uniform } from "./random.ts";
import { dot } from "./rows.ts";

Deno.test("normalShare() has the tabled values, in the left tail too", () => {
  assertAlmostEquals(normalShare(1), 0.8413447460685429, 1e-11);
  assertAlmostEquals(normalShare(-2), 0.022750131948179195, 1e-11);
  assertAlmostEquals(normalShare(-6) / 9.865876450376946e-10, 1, 1e-6);
});

Deno.test("geluSlope() agrees with central differences, in both forms", () => {
  const x = [-5, -1.3, -0.2, 0, 0.4, 1.7, 6];
  for (const form of ["none", "tanh"] as const) {
    const slopes = x.map((at) => differences(([v]) => gelu(v!, form), [at])[0]!);
    assertClose(x.map((at) => geluSlope(at, form)), slopes, form);
  }
});

Deno.test("maskedSoftmax() spreads over what is visible, and its gradient is by differences", () => {
  const next = uniform(5);
  const scores = randomRow(next, 6);
  const dy = randomRow(next, 6);
  const pattern = maskedSoftmax(scores, 4, 0.3);
  assertAlmostEquals(dot(pattern, [1, 1, 1, 1, 9, 9]), 1, 1e-15);
  const expected = differences((at) => dot(maskedSoftmax(at, 4, 0.3), dy), scores);
  assertClose(maskedSoftmaxGrad(pattern, dy, 0.3), expected, "gradient");
});
