// The float64 arithmetic: every operation against plain formulas to 1e-14, and refusals of what does not fit.

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { float64 } from "../../../lib/interpret/float64.ts";
import { arithmeticCases, exactGelu, matrixIn } from "../../support/arithmetic_cases.ts";
import { assertClose } from "../../support/close.ts";

const limit = 1e-14;

for (const { name, compute, expected } of arithmeticCases) {
  Deno.test(`float64: ${name}`, async () => {
    const result = compute(float64);
    assertEquals(float64.size(result), [expected.length, expected[0]!.length]);
    assertClose(await float64.read(result), expected.flat(), limit, name);
  });
}

Deno.test("float64: GELU keeps the digits of its tail", () => {
  const { values } = float64.activate(matrixIn(float64, [exactGelu.x]), "gelu");
  for (const [at, expected] of exactGelu.gelu.entries()) {
    assertClose([values[at]!], [expected], limit, `GELU of ${exactGelu.x[at]}`);
  }
});

Deno.test("float64: read() gives a copy, scope() what its body returns", async () => {
  const x = matrixIn(float64, [[1, 2], [3, 4]]);
  (await float64.read(x))[0] = 9;
  assertEquals(x.values[0], 1);
  assertStrictEquals(await float64.scope((inner) => Promise.resolve(inner.add(x, x).rows)), 2);
});

Deno.test("float64: sizes that do not fit are refused", () => {
  const [x, y] = [matrixIn(float64, [[1, 2, 3]]), matrixIn(float64, [[1, 2]])];
  const wrong: readonly (() => unknown)[] = [
    () => float64.matrix(new Float64Array(5), 2, 3),
    () => float64.add(x, y),
    () => float64.multiply(x, y),
    () => float64.addRow(x, new Float64Array(2)),
    () => float64.multiplyRow(x, new Float64Array(4)),
    () => float64.product(x, y, "in-out"),
    () => float64.product(x, y, "out-in"),
    () => float64.reshape(x, 2, 2),
    () => float64.rows(x, 0, 2),
    () => float64.columns(x, 2, 2),
    () => float64.joinRows([x, y]),
    () => float64.joinColumns([x, matrixIn(float64, [[1], [2]])]),
  ];
  for (const compute of wrong) {
    const error = assertThrows(compute, RangeError);
    assert(error.message.startsWith("Cannot "), error.message);
  }
});
