// Half precision in plain arithmetic against the engine's own.

import { assertEquals } from "@std/assert";
import { Random } from "../../../lib/core/random.ts";
import { fromHalves, toHalves } from "../../../lib/checkpoint/float16.ts";

const every = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
const exact = new Float64Array(new Float16Array(every.buffer));

/** The bits of all NaN are taken for the same. */
const oneNaN = (bits: Uint16Array): Uint16Array =>
  bits.map((half) => (half & 0x7fff) > 0x7c00 ? 0x7e00 : half);

function assertHalves(numbers: Float64Array): void {
  const expected = new Uint16Array(new Float16Array(numbers).buffer);
  assertEquals(oneNaN(toHalves(numbers)), oneNaN(expected));
}

Deno.test("fromHalves() reads all 65536 patterns as Float16Array does", () => {
  assertEquals(fromHalves(every), exact);
});

Deno.test("toHalves() rounds as Float16Array does: ties, neighbors of ties, subnormals, the largest", () => {
  const random = new Random(1, "halves");
  const spread = Float64Array.from({ length: 50_000 }, () => {
    const sign = random.uniform() < 0.5 ? -1 : 1;
    return sign * (1 + random.uniform()) * 2 ** Math.floor(random.uniform() * 60 - 40);
  });
  const ties = Array.from(exact, (value, bits) => {
    const next = bits % 2 ** 15 < 0x7bff ? exact[bits + 1]! : value * (1 + 2 ** -11);
    return (value + next) / 2;
  });
  const around = ties.flatMap((tie) => [tie, tie * (1 + 2 ** -52), tie * (1 - 2 ** -52)]);
  for (const numbers of [exact, spread, Float64Array.from(around)]) {
    assertHalves(numbers);
  }
  const edges = Float64Array.of(
    NaN,
    -0,
    65519.99,
    65520,
    -Infinity,
    2 ** -25,
    2 ** -25 * 1.01,
    5e-324,
  );
  assertHalves(edges);
});
