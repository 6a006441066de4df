// Reading a configuration: each kind of setting with its standard, its older names, and what is refused.

import { assertEquals, assertThrows } from "@std/assert";
import {
  activationIn,
  countIn,
  flagIn,
  numberIn,
  partOf,
  positiveIn,
  unknownSetting,
} from "../../../lib/families/settings.ts";
import { rotaryIn } from "../../../lib/families/rotary.ts";

Deno.test("numberIn() takes the first name that has a value, else the standard", () => {
  assertEquals(numberIn({ a: 2, b: 3 }, ["a", "b"]), 2);
  assertEquals(numberIn({ a: null, b: 3 }, ["a", "b"]), 3);
  assertEquals(numberIn({ b: 0 }, ["a", "b"], 7), 0);
  assertEquals(numberIn({ a: null }, ["a"], 7), 7);
});

for (const value of ["2", true, NaN, Infinity, [2], undefined]) {
  Deno.test(`numberIn() refuses ${JSON.stringify(value) ?? "nothing"}, ${typeof value}`, () => {
    const { message } = assertThrows(() => numberIn({ a: value }, ["a", "b"]), RangeError);
    assertEquals(
      message,
      `Cannot use a = ${JSON.stringify(value)} of config.json: it must be a number`,
    );
  });
}

Deno.test("countIn() takes whole numbers from 1", () => {
  assertEquals(countIn({ n: 1 }, ["n"]), 1);
  assertEquals(countIn({}, ["n"], 4), 4);
  for (const value of [0, -1, 1.5]) {
    assertThrows(() => countIn({ n: value }, ["n"]), RangeError, "a whole number ≥ 1");
  }
});

Deno.test("flagIn() takes true and false, and null as nothing", () => {
  assertEquals([flagIn({ f: false }, "f", true), flagIn({ f: null }, "f", true)], [false, true]);
  for (const value of [0, "true"]) {
    assertThrows(() => flagIn({ f: value }, "f", true), RangeError, "it must be true or false");
  }
});

Deno.test("partOf() is a configuration inside of another, or an empty one", () => {
  assertEquals(partOf({ inner: { a: 1 } }, "inner"), { a: 1 });
  assertEquals([
    partOf({}, "inner"),
    partOf({ inner: null }, "inner"),
    partOf({ inner: 3 }, "inner"),
  ], [
    {},
    {},
    {},
  ]);
});

Deno.test("activationIn() knows transformers' names", () => {
  const names = {
    gelu: "gelu",
    gelu_python: "gelu",
    gelu_new: "gelu_new",
    gelu_fast: "gelu_new",
    gelu_pytorch_tanh: "gelu_new",
    relu: "relu",
    relu2: "relu2",
    silu: "silu",
    swish: "silu",
    quick_gelu: "quick_gelu",
    tanh: "tanh",
  };
  for (const [name, activation] of Object.entries(names)) {
    assertEquals(activationIn({ act: name }, ["act"], "relu"), activation);
  }
  assertEquals(activationIn({}, ["act"], "relu"), "relu");
  for (const value of ["mish", 3, "constructor", "toString", "__proto__"]) {
    const { message } = assertThrows(
      () => activationIn({ act: value }, ["act"], "relu"),
      RangeError,
    );
    assertEquals(
      message,
      `Cannot use act = ${JSON.stringify(value)} of config.json: it must be one of ${
        Object.keys(names).join(", ")
      }`,
    );
  }
});

Deno.test("rotaryIn() reads today's and older names", () => {
  assertEquals(rotaryIn({}, 16), { width: 16, base: 10000, order: "half" });
  const parameters = { rope_type: "default", rope_theta: 500, partial_rotary_factor: 0.5 };
  assertEquals(rotaryIn({ rope_parameters: parameters }, 16), {
    width: 8,
    base: 500,
    order: "half",
  });
  const whole = rotaryIn({ rope_parameters: parameters }, 16, { standardShare: "whole" });
  assertEquals(whole.width, 16);
  assertEquals(rotaryIn({ rope_theta: 500 }, 16).base, 500);
  // what stands in rope_parameters counts
  assertEquals(rotaryIn({ rope_theta: 1, rope_parameters: { rope_theta: 500 } }, 16).base, 500);
  const names = { base: "rotary_emb_base", share: "rotary_pct", standardShare: 0.25 };
  assertEquals(rotaryIn({ rotary_emb_base: 7, rotary_pct: 0.75 }, 16, names), {
    width: 12,
    base: 7,
    order: "half",
  });
  assertEquals(rotaryIn({}, 16, names).width, 4);
  assertEquals(rotaryIn({ rotary_pct: 0.3 }, 16, names).width, 4); // cut down, as transformers does
});

Deno.test("unknownSetting() names the setting, its value and what is allowed", () => {
  const { message } = unknownSetting("n", [1, "a"], "it must be small");
  assertEquals(message, 'Cannot use n = [1,"a"] of config.json: it must be small');
});

Deno.test("positiveIn() and rotaryIn() refuse what no clipping, base or share can be", () => {
  assertEquals(positiveIn({ clip: 0.5 }, ["clip"]), 0.5);
  for (const value of [0, -1]) {
    assertThrows(
      () => positiveIn({ clip: value }, ["clip"]),
      RangeError,
      "it must be a number > 0",
    );
    assertThrows(() => rotaryIn({ rope_theta: value }, 8), RangeError, "rope_theta");
    assertThrows(() => rotaryIn({ partial_rotary_factor: value }, 8), RangeError, "> 0");
  }
  assertThrows(() => rotaryIn({ partial_rotary_factor: 1.5 }, 8), RangeError, "at most 1");
});
