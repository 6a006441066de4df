// Stretched rotary positions against the functions of transformers, in float64.

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Config } from "../../../lib/families/family.ts";
import { type LayerKind, rotaryIn, rotaryOfKind } from "../../../lib/families/rotary.ts";
import { speedsOf } from "../../../lib/model/rotary.ts";
import type { Rotary } from "../../../lib/model/spec.ts";
import golden from "../../golden/rotary.json" with { type: "json" };
import { assertClose } from "../../support/close.ts";

/** The width of a head, and the places that the golden models read. */
const headWidth = 16;
const model = { max_position_embeddings: 64 };

for (const { name, parameters, expected } of golden.cases) {
  Deno.test(`rotaryIn() of ${name} turns as transformers does, however long the input`, () => {
    const rotary = rotaryIn({ ...model, rope_parameters: parameters }, headWidth);
    for (const { length, scale, speeds } of expected) {
      assertClose([...speedsOf(rotary, length)], speeds, 1e-14, `${name}, ${length} places`);
      assertClose([rotary.scale ?? 1], [scale], 1e-15, name);
    }
    const { rope_theta, ...older } = parameters;
    assertEquals(rotaryIn({ ...model, rope_theta, rope_scaling: older }, headWidth), rotary);
  });
}

Deno.test("rotaryIn() takes the model's word of its original length before that of the positions", () => {
  const factors = { short_factor: [1, 1], long_factor: [2, 2] };
  const parameters = { type: "su", ...factors, original_max_position_embeddings: 8 };
  const config = {
    ...model,
    original_max_position_embeddings: 16,
    rope_scaling: parameters,
  };
  assertEquals(rotaryIn(config, 4).beyond?.length, 16);
});

Deno.test("rotaryIn() refuses a kind that is not known, and settings that are missing or impossible", () => {
  const cases = [
    [{ rope_type: "mrope" }, "rope_type"],
    [{ type: "toString" }, "rope_type"],
    [{ rope_type: "linear" }, "factor"],
    [{ rope_type: "linear", factor: 0 }, "factor"],
    [{ rope_type: "dynamic" }, "factor"],
    [{ rope_type: "llama3", factor: 8 }, "low_freq_factor"],
    [{ rope_type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 4 }, "above 4"],
    [{ rope_type: "longrope", short_factor: [1], long_factor: [1] }, "8 numbers > 0"],
    [{ rope_type: "yarn", factor: 2, truncate: "no" }, "truncate"],
  ] as const;
  for (const [parameters, message] of cases) {
    const config = { ...model, rope_scaling: parameters };
    assertThrows(() => rotaryIn(config, headWidth), RangeError, message);
  }
});

Deno.test("rotaryOfKind() reads the settings of a kind, and the older keys, which stretch full attention alone", () => {
  const yarn = { rope_type: "yarn", factor: 4, original_max_position_embeddings: 6 };
  const base = ["rope_theta", 5e5] as const;
  const of = (config: Config, kind: LayerKind): Rotary =>
    rotaryOfKind({ ...model, ...config }, headWidth, kind, base);
  const plain = { width: headWidth, base: 5e5, order: "half" };
  const older = { rope_theta: 100, rope_scaling: yarn };
  const own = { rope_theta: 100 };
  const newer = {
    rope_parameters: { sliding_attention: own, full_attention: { ...own, ...yarn } },
  };
  assertEquals(of({}, "full_attention"), plain as Rotary);
  for (const config of [older, newer]) {
    assertEquals(of(config, "sliding_attention"), { ...plain, base: 100 } as Rotary);
    const stretched = rotaryIn({ ...model, ...older }, headWidth);
    assert(stretched.speeds !== undefined);
    assertEquals(of(config, "full_attention"), stretched);
  }
  assertThrows(() => of({ rope_theta: -1 }, "full_attention"), RangeError, "rope_theta = -1");
});
