import { assertEquals, assertThrows } from "@std/assert";
import { requireInteger, requireNumber, requireOneOf } from "../../../lib/core/mod.ts";

Deno.test("requireNumber() gives back a number within its limits, bounds included or not", () => {
  assertEquals(requireNumber("rate", 0.5), 0.5);
  assertEquals(requireNumber("rate", 0, { min: 0, max: 1 }), 0);
  assertEquals(requireNumber("rate", 1, { min: 0, max: 1 }), 1);
  assertEquals(requireNumber("rate", 1e-300, { above: 0, below: 1 }), 1e-300);
});

Deno.test("requireNumber() names the value and each bound", () => {
  const cases = [
    [NaN, {}, "Cannot use rate = NaN: it must be a finite number"],
    [Infinity, {}, "Cannot use rate = Infinity: it must be a finite number"],
    [-1, { min: 0 }, "Cannot use rate = -1: it must be a finite number ≥ 0"],
    [2, { max: 1 }, "Cannot use rate = 2: it must be a finite number ≤ 1"],
    [0, { above: 0 }, "Cannot use rate = 0: it must be a finite number > 0"],
    [1, { min: 0, below: 1 }, "Cannot use rate = 1: it must be a finite number ≥ 0 and < 1"],
    [NaN, { above: 0, max: 1 }, "Cannot use rate = NaN: it must be a finite number > 0 and ≤ 1"],
  ] as const;
  for (const [value, limits, message] of cases) {
    const error = assertThrows(() => requireNumber("rate", value, limits), RangeError);
    assertEquals(error.message, message);
  }
});

Deno.test("requireInteger() refuses fractions, and whole numbers out of bounds", () => {
  assertEquals(requireInteger("depth", 3, { min: 1 }), 3);
  const cases = [
    [1.5, "Cannot use depth = 1.5: it must be a whole number ≥ 1"],
    [NaN, "Cannot use depth = NaN: it must be a whole number ≥ 1"],
    [0, "Cannot use depth = 0: it must be a whole number ≥ 1"],
  ] as const;
  for (const [value, message] of cases) {
    const error = assertThrows(() => requireInteger("depth", value, { min: 1 }), RangeError);
    assertEquals(error.message, message);
  }
});

Deno.test("requireOneOf() gives the word back, and names the known ones otherwise", () => {
  assertEquals(requireOneOf("norm", "rms", ["layer", "rms"]), "rms");
  const error = assertThrows(() => requireOneOf("norm", "RMS", ["layer", "rms"]), RangeError);
  assertEquals(error.message, 'Cannot use norm = "RMS": it must be one of layer, rms');
});
