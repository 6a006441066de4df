// Options by their tables; that every public function has one is tested in tests/options_test.ts.

import { assertEquals, assertThrows } from "@std/assert";
import {
  nearest,
  requireEach,
  requireKeys,
  requireOptions,
  requireRows,
  shown,
} from "../../../lib/core/options.ts";

interface Sample {
  readonly steps: number;
  readonly title?: string;
  readonly list?: readonly number[];
  readonly signal?: AbortSignal;
  readonly several?: string | { readonly id: string };
}

const check = (options: unknown): void =>
  requireOptions<Sample>("sample()", options as Sample, {
    steps: "number",
    title: "string?",
    list: "list?",
    signal: "signal?",
    several: "any?",
  });

Deno.test("requireOptions() accepts what is there in any order, and undefined for what may be absent", () => {
  check({ steps: 1 });
  check({ title: undefined, steps: NaN, list: new Float32Array(), several: { id: "a" } });
  check({ steps: 1, list: [], signal: AbortSignal.abort(), several: null });
  class Own {
    steps = 1;
  }
  check(new Own());
  check(Object.assign(Object.create(null), { steps: 1 }));
});

/** Wrong options, and what is said. */
const wrong: readonly (readonly [options: unknown, message: string])[] = [
  [null, "Cannot use null as options of sample(): it must be an object"],
  ["steps", 'Cannot use "steps" as options of sample(): it must be an object'],
  [[], "Cannot use a list as options of sample(): it must be an object"],
  [{}, 'Cannot do without the option "steps" of sample(): it must be a number'],
  [{ steps: undefined }, 'Cannot do without the option "steps" of sample(): it must be a number'],
  [{ steps: "5" }, 'Cannot use steps = "5" of sample(): it must be a number'],
  [{ steps: 5n }, "Cannot use steps = 5 of sample(): it must be a number"],
  [{ steps: 1, title: null }, "Cannot use title = null of sample(): it must be a string"],
  [{ steps: 1, list: "a,b" }, 'Cannot use list = "a,b" of sample(): it must be a list'],
  [
    { steps: 1, signal: new AbortController() },
    "Cannot use signal = an object of sample(): it must be an AbortSignal",
  ],
  [
    { steps: 1, titel: "" },
    'Cannot use the option "titel" of sample(): did you mean "title"? known are steps, title, list, signal, several',
  ],
  [
    { steps: 1, constructor: 1 },
    'Cannot use the option "constructor" of sample(): known are steps, title, list, signal, several',
  ],
];

for (const [options, message] of wrong) {
  Deno.test(`requireOptions(): ${message}`, () => {
    assertEquals(assertThrows(() => check(options), RangeError).message, message);
  });
}

Deno.test("nearest() finds slips, other cases, transposed letters and beginnings, and nothing far", () => {
  const known = ["steps", "title", "temperature", "weightDecay", "evaluateEvery", "topK"];
  const found = ["stepz", "Steps", "titel", "temp", "weight_decay", "evalEvery", "topk"]
    .map((word) => nearest(word, known));
  assertEquals(found, [
    "steps",
    "steps",
    "title",
    "temperature",
    "weightDecay",
    "evaluateEvery",
    "topK",
  ]);
  for (const word of ["lr", "constructor", "x", "momentum", ""]) {
    assertEquals(nearest(word, known), undefined, word);
  }
});

Deno.test("requireKeys(), requireEach() and requireRows() name whose they are", () => {
  assertThrows(() => requireKeys("f()", { a: 1 }, []), RangeError, '"a" of f(): it has none');
  const each = () =>
    requireEach<{ a: number }>("the parts of f()", [{ a: 1 }, { a: "1" } as never], {
      a: "number",
    });
  assertThrows(each, RangeError, 'Cannot use a = "1" of the parts of f(): it must be a number');
  requireRows("f()", [{}, { a: 1 }]);
  assertThrows(() => requireRows("f()", { a: 1 }), RangeError, "an object as rows of f()");
  assertThrows(() => requireRows("f()", [{}, 5]), RangeError, "Cannot use 5 as row 1 of f()");
});

Deno.test("shown() tells values apart that String() does not", () => {
  const values = ["5", 5, null, undefined, [1], {}, () => {}, 5n, Symbol("s"), new Int8Array(1)];
  assertEquals(values.map(shown), [
    '"5"',
    "5",
    "null",
    "undefined",
    "a list",
    "an object",
    "a function",
    "5",
    "Symbol(s)",
    "a list",
  ]);
});

Deno.test("messages show the start of a long value, and of a long name", () => {
  const long = "x".repeat(1e6);
  assertEquals(shown(long), `"${"x".repeat(80)}…"`);
  for (const options of [{ a: long }, { [long]: 1 }]) {
    const { message } = assertThrows(
      () => requireOptions<{ a: number }>("f()", options as never, { a: "number" }),
      RangeError,
      "xxx…",
    );
    assertEquals(message.length < 200, true);
  }
});
