// decodeCtc(): the best path, and beams against the likelihood of every label.

import { assertEquals, assertThrows } from "@std/assert";
import { decodeCtc, type DecodeCtcOptions } from "../../../lib/decoder/mod.ts";
import { likelihoodByPaths } from "../../reference/ctc.ts";
import { randomRows, uniform } from "../../reference/random.ts";

/** Logits whose best path is this. */
const along = (path: readonly number[], classes: number): number[] =>
  path.flatMap((best) => Array.from({ length: classes }, (_, k) => k === best ? 1 : 0));

Deno.test("decodeCtc() joins repeats, then drops blanks", () => {
  const read = (path: readonly number[], blank = 0) =>
    decodeCtc(along(path, 4), { classes: 4, blank });
  assertEquals(read([1, 1, 0, 1, 0, 2, 3, 3]), [1, 1, 2, 3]);
  assertEquals(read([0, 0, 0]), []);
  assertEquals(read([]), []);
  assertEquals(read([0, 3, 0, 0, 3], 3), [0, 0]);
  assertEquals(decodeCtc(Float32Array.of(-Infinity, 0), { classes: 2 }), [1]);
});

/** All labels of up to so many symbols. */
function labelsOf(symbols: readonly number[], most: number): number[][] {
  if (most === 0) return [[]];
  const shorter = labelsOf(symbols, most - 1);
  const longest = shorter.filter(({ length }) => length === most - 1);
  return [...shorter, ...longest.flatMap((label) => symbols.map((symbol) => [...label, symbol]))];
}

Deno.test("decodeCtc() with beams enough finds the most likely label, which the best path may miss", () => {
  let missed = 0;
  for (let seed = 0; seed < 40; seed++) {
    const [logits, blank] = [randomRows(uniform(seed), 4, 3), seed % 3];
    const labels = labelsOf([0, 1, 2].filter((symbol) => symbol !== blank), 4);
    const shares = labels.map((label) => likelihoodByPaths(logits, label, blank));
    const best = labels[shares.indexOf(Math.max(...shares))]!;
    const options = { classes: 3, blank };
    assertEquals(decodeCtc(logits.flat(), { ...options, beams: 31 }), best, `seed ${seed}`);
    missed += String(decodeCtc(logits.flat(), options)) === String(best) ? 0 : 1;
  }
  assertEquals(missed > 0, true);
});

Deno.test("decodeCtc() adds up the paths of each label that it holds, and of no other", () => {
  const logits = [0.6, 0.4, 0.6, 0.4].map(Math.log); // the paths of [1] weigh 0.64, the blanks 0.36
  assertEquals(decodeCtc(logits, { classes: 2 }), []);
  assertEquals(decodeCtc(logits, { classes: 2, beams: 2 }), [1]);
  assertEquals(decodeCtc(logits, { classes: 2, beams: 1 }), []);
});

Deno.test("decodeCtc() takes long rows and impossible classes with beams", () => {
  const frames = Array.from({ length: 500 }, (_, t) => t % 5 === 0 ? 1 + t % 3 : 0);
  const logits = along(frames, 4).map((value) => value === 1 ? 0 : -Infinity);
  const options = { classes: 4 };
  assertEquals(decodeCtc(logits, { ...options, beams: 4 }), decodeCtc(logits, options));
});

Deno.test("decodeCtc() says what it cannot read", () => {
  const refused: readonly (readonly [number[], DecodeCtcOptions, string])[] = [
    [[1, 2, 3], { classes: 2 }, "Cannot read 3 logits as frames of 2 classes"],
    [[1, 2, 3, NaN], { classes: 2 }, "Cannot decode frame 1: its logit of class 1 is NaN"],
    [[1], { classes: 1, blank: 1 }, "Cannot use blank = 1"],
    [[1], { classes: 1, beams: 0 }, "Cannot use beams = 0: it must be a whole number ≥ 1"],
    [[], { classes: 0 }, "Cannot use classes = 0"],
  ];
  for (const [logits, options, message] of refused) {
    assertThrows(() => decodeCtc(logits, options), RangeError, message);
  }
});
