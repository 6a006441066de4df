// Learning-rate schedules against the float64 oracle and the identities of papers.md §10, item 15.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { makeSchedule, type ScheduleKind } from "../../../lib/train/mod.ts";
import { learningRate, type Schedule } from "../../reference/schedules.ts";

const oracleNames: Readonly<Record<ScheduleKind, Schedule>> = {
  "constant": "constant",
  "linear": "linear",
  "cosine": "cosine",
  "inverse-square-root": "inverse-sqrt",
};
const kinds = Object.keys(oracleNames) as ScheduleKind[];
const curve = { peak: 2, warmup: 10, steps: 110, floor: 0.5 };
const rounding = 1e-14;

for (const kind of kinds) {
  Deno.test(`makeSchedule() ${kind} is the oracle's at every step`, () => {
    const rate = makeSchedule({ kind, ...curve });
    const oracle = { peak: 2, warmup: 10, total: 110, floor: 0.5 };
    for (let step = 1; step <= 150; step++) {
      const expected = learningRate(oracleNames[kind], step, oracle);
      assertAlmostEquals(rate(step), expected, rounding, `step ${step}`);
    }
  });

  Deno.test(`makeSchedule() ${kind} has its peak at T and joins the warm-up without a jump`, () => {
    for (const warmup of [1, 2, 1000]) {
      const rate = makeSchedule({ kind, ...curve, warmup, steps: 10_000 });
      assertEquals(rate(warmup), 2);
      assertAlmostEquals(rate(warmup + 1e-9), 2, 1e-8);
      assertEquals(Math.max(...Array.from({ length: 3000 }, (_, i) => rate(i + 1))), 2);
    }
  });

  Deno.test(`makeSchedule() ${kind} with T = 1, the default, has no warm-up`, () => {
    assertEquals(makeSchedule({ kind, peak: 3, steps: 10 })(1), 3);
    assertEquals(makeSchedule({ kind, peak: 3, steps: 10, warmup: 1 })(1), 3);
  });
}

Deno.test("makeSchedule() inverse square root is half the peak at 4 T", () => {
  for (const warmup of [1, 7, 4000]) {
    const rate = makeSchedule({ kind: "inverse-square-root", peak: 0.5, warmup });
    assertAlmostEquals(rate(4 * warmup), 0.25, rounding);
  }
});

Deno.test("makeSchedule() linear and cosine are half-way in the middle, end at the floor and stay there", () => {
  for (const kind of ["linear", "cosine"] as const) {
    const rate = makeSchedule({ kind, ...curve });
    assertAlmostEquals(rate(60), 1.25, rounding);
    assertAlmostEquals(rate(110), 0.5, rounding);
    assertAlmostEquals(rate(500), 0.5, rounding);
    assertAlmostEquals(makeSchedule({ kind, peak: 1, steps: 20 })(20), 0, rounding);
  }
});

Deno.test("makeSchedule() may spend all its steps on the warm-up", () => {
  for (const kind of ["linear", "cosine"] as const) {
    assertEquals(makeSchedule({ kind, peak: 1, warmup: 4, steps: 4 })(4), 1);
  }
});

Deno.test("makeSchedule() refuses rates and steps out of range, with the value and what is allowed", () => {
  const cases = [
    [{ kind: "constant", peak: NaN }, "peak learning rate = NaN: it must be a finite number > 0"],
    [{ kind: "constant", peak: Infinity }, "peak learning rate = Infinity"],
    [{ kind: "constant", peak: 0 }, "peak learning rate = 0"],
    [{ kind: "constant", peak: -1 }, "peak learning rate = -1"],
    [{ kind: "constant", peak: 1, warmup: 0 }, "warmup = 0: it must be a whole number ≥ 1"],
    [{ kind: "constant", peak: 1, warmup: 2.5 }, "warmup = 2.5: it must be a whole number"],
    [{ kind: "linear", peak: 1 }, "a linear schedule without steps"],
    [{ kind: "cosine", peak: 1, steps: 0 }, "steps of a cosine schedule = 0"],
    [
      { kind: "cosine", peak: 1, warmup: 5, steps: 4 },
      "a warm-up of 5 in a cosine schedule of steps = 4: it must be at most that long",
    ],
    [
      { kind: "cosine", peak: 1, steps: 4, floor: 2 },
      "floor = 2: it must be at most the peak learning rate, which is 1",
    ],
    [{ kind: "cosine", peak: 1, steps: 4, floor: -1 }, "floor = -1"],
  ] as const;
  for (const [settings, message] of cases) {
    assertThrows(() => makeSchedule(settings), RangeError, message);
  }
  for (const kind of ["staircase", "constructor"]) {
    assertThrows(
      () => makeSchedule({ kind: kind as ScheduleKind, peak: 1 }),
      RangeError,
      `Cannot use kind of schedule = "${kind}": it must be one of constant, linear`,
    );
  }
});
