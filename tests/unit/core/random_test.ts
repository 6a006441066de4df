import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { Random } from "../../../lib/core/mod.ts";

const draw = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.uniform());

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

Deno.test("Random gives the numbers that it gave when this test was written", () => {
  assertEquals(draw(new Random(0), 3), [
    0.8835731854134912,
    0.6890150190172145,
    0.4539766147477259,
  ]);
  assertEquals(draw(new Random(0).fork("wte"), 2), [0.963415802859966, 0.1265346185518782]);
  assertEquals(Array.from(new Random(42).normals(3, 2)), [
    -1.3588627576828003,
    1.3970614671707153,
    -0.19419415295124054,
  ]);
});

Deno.test("Random repeats by seed and label, and differs between them", () => {
  assertEquals(draw(new Random(5), 10), draw(new Random(5), 10));
  assertEquals(draw(new Random(5, "a"), 10), draw(new Random(5, "a"), 10));
  assertNotEquals(draw(new Random(5), 1), draw(new Random(6), 1));
  assertNotEquals(draw(new Random(5), 1), draw(new Random(5, "a"), 1));
});

Deno.test("fork() does not depend on what was drawn, nor draws from it", () => {
  const random = new Random(3);
  const fresh = draw(random.fork("x"), 5);
  const plain = draw(new Random(3), 5);
  assertEquals(draw(random, 5), plain, "a fork draws nothing from its parent");
  assertEquals(draw(random.fork("x"), 5), fresh);
  assertNotEquals(draw(random.fork("y"), 5), fresh);
  assertNotEquals(draw(random.fork("x").fork("x"), 5), fresh);
  assertEquals(draw(random.fork(1), 3), draw(random.fork("1"), 3));
});

Deno.test("fork()s of many labels are uncorrelated", () => {
  const count = 4000;
  const first = Array.from({ length: count }, (_, label) => new Random(1).fork(label).uniform());
  const next = Array.from({ length: count }, (_, seed) => new Random(seed).uniform());
  for (const values of [first, next]) {
    assertEquals(new Set(values).size, count);
    assertAlmostEquals(mean(values), 1 / 2, 4.5 / Math.sqrt(12 * count));
    const pairs = values.slice(1).map((value, at) => (value - 0.5) * (values[at]! - 0.5) * 12);
    assertAlmostEquals(mean(pairs), 0, 4.5 / Math.sqrt(count));
  }
});

Deno.test("uniform() fills [0, 1) evenly", () => {
  const count = 40000;
  const values = draw(new Random(11), count);
  assert(values.every((value) => value >= 0 && value < 1));
  const bins: number[] = Array(20).fill(0);
  for (const value of values) bins[Math.floor(20 * value)]! += 1;
  const chiSquare = bins.reduce((sum, n) => sum + (n - count / 20) ** 2 / (count / 20), 0);
  assert(chiSquare < 19 + 4.5 * Math.sqrt(38), `χ² = ${chiSquare} with 19 degrees of freedom`);
});

Deno.test("integer() gives each whole number below its bound", () => {
  const random = new Random(2);
  const seen = new Set(Array.from({ length: 400 }, () => random.integer(7)));
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4, 5, 6]);
});

Deno.test("normal() has mean 0, variance 1, no skew and a kurtosis of 3", () => {
  const count = 40000;
  const random = new Random(8);
  const values = Array.from({ length: count }, () => random.normal());
  const moment = (power: number): number => mean(values.map((value) => value ** power));
  const within = (power: number, expected: number, variance: number): void =>
    assertAlmostEquals(
      moment(power),
      expected,
      4.5 * Math.sqrt(variance / count),
      `moment ${power}`,
    );
  within(1, 0, 1);
  within(2, 1, 2);
  within(3, 0, 15);
  within(4, 3, 96);
  const pairs = values.slice(1).map((value, at) => value * values[at]!);
  assertAlmostEquals(mean(pairs), 0, 4.5 / Math.sqrt(count), "neighbors");
});

Deno.test("normals() scales by its standard deviation", () => {
  const [one, three] = [new Random(4).normals(50, 1), new Random(4).normals(50, 3)];
  one.forEach((value, at) => assertAlmostEquals(three[at]!, 3 * value, 1e-5));
});

Deno.test("Random refuses a seed that is no whole number ≥ 0", () => {
  for (const seed of [-1, 1.5, NaN, Infinity]) {
    assertThrows(() => new Random(seed), RangeError, `seed = ${seed}: it must be`);
  }
});
