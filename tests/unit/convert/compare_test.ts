// Two models on one input: differences by layer and output, and how they are measured.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { compareModels, type Comparison, worstOf } from "../../../lib/convert/compare.ts";
import { convert, targets } from "../../../lib/convert/convert.ts";
import { differenceOf } from "../../../lib/convert/difference.ts";
import type { Model } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { goldenOf, layerNormNames, openGolden } from "../../support/golden_models.ts";
import { normkitModel, small, smallTokens } from "../../support/normkit_model.ts";
import { changedModel } from "../../support/tensor_rows.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";

const limit = toleranceInFloat64("conversion");
const options = { arithmetic: float64, dtype: "F32" } as const;
const of = (...values: number[]): Float64Array => Float64Array.from(values);

Deno.test("differenceOf() measures by the largest expected number, and in units of the dtype there", () => {
  assertEquals(differenceOf(of(1, -4), of(1.5, -4), "F32"), {
    maxAbs: 0.5,
    relative: 0.125,
    ulp: 0.5 / 2 ** -21, // float32 has 24 digits: between 4 and 8 its numbers are 2^-21 apart
  });
  assertEquals(differenceOf(of(3), of(3 + 2 ** -7), "BF16").ulp, 0.5);
  assertEquals(differenceOf(of(1000), of(1001), "F16").ulp, 2);
  assertEquals(differenceOf(of(1), of(1 + 2 ** -52), "F64").ulp, 1);
});

Deno.test("differenceOf() is absolute where all expected numbers are 0, and 0 where there are none", () => {
  assertEquals(differenceOf(of(0, 0), of(0, 0.25), "F32").relative, 0.25);
  assertEquals(differenceOf(of(), of(), "F32"), { maxAbs: 0, relative: 0, ulp: 0 });
});

for (const [found, expected] of [[NaN, 1], [1, NaN], [NaN, NaN], [Infinity, Infinity]] as const) {
  Deno.test(`differenceOf() ${expected} and ${found} is not a number, whatever stands beside`, () => {
    for (const at of [0, 1, 2]) {
      const [a, b] = [of(1, 2, 3), of(1, 2, 3)];
      [a[at], b[at]] = [expected, found];
      const difference = differenceOf(a, b, "F32");
      assertEquals([difference.maxAbs, difference.relative, difference.ulp], [NaN, NaN, NaN]);
    }
  });
}

Deno.test("differenceOf() of a number that should be finite and is not is infinite", () => {
  assertEquals(differenceOf(of(1, 2), of(1, Infinity), "F32").relative, Infinity);
});

Deno.test("worstOf() takes each largest difference, adds rows, and keeps what is not a number", () => {
  const one = (relative: number, agreeing: number): Comparison => {
    const stream = { maxAbs: 1, relative, ulp: 2 };
    const difference = { ...stream, spread: 2, deviation: 1, offset: 1, nmse: relative, kl: 0 };
    return {
      layers: [{ stack: "decoder", layer: 0, ...stream }],
      outputs: { logits: difference },
      agreeing,
      rows: 5,
    };
  };
  const worst = worstOf([one(0.5, 5), one(0.25, 3), one(0.75, 4)]);
  assertEquals(worst.layers, [{ stack: "decoder", layer: 0, maxAbs: 1, relative: 0.75, ulp: 2 }]);
  assertEquals([worst.outputs["logits"]!.nmse, worst.outputs["logits"]!.kl], [0.75, 0]);
  assertEquals([worst.outputs["logits"]!.relative, worst.agreeing, worst.rows], [0.75, 12, 15]);
  const image = {
    ...one(2, 1),
    layers: [],
    outputs: { image: one(2, 1).outputs["logits"]! },
  };
  for (const list of [[image, one(0.5, 5)], [one(0.5, 5), image]]) { // each ran another stack
    const { layers, outputs, rows } = worstOf(list);
    assertEquals([layers.length, outputs["image"]!.relative, rows], [1, 2, 10]);
    assertEquals(outputs["logits"]!.relative, 0.5);
  }
  assertEquals(worstOf([one(0.5, 5), one(NaN, 5), one(0, 5)]).outputs["logits"]!.relative, NaN);
});

for (const name of layerNormNames) {
  Deno.test(`compareModels() of ${name} and its conversions finds every layer of every stack equal`, async () => {
    using source = await openGolden(name);
    const { inputs } = await goldenOf(name);
    const stacks = Object.entries(source.spec.stacks);
    const layers = stacks.flatMap(([stack, { blocks }]) =>
      [-1, ...blocks.keys()].map((at) => `${stack} ${at + 1}`)
    );
    const models: Model[] = targets.map((to) => convert(source, { to }));
    for (
      const [a, b] of [
        [source, models[0]!],
        [source, models[1]!],
        [source, models[2]!],
        [source, models[3]!],
        [models[2]!, models[1]!],
        [models[2]!, source],
      ] as const
    ) {
      const comparison = await compareModels(a, b, inputs, options);
      assertEquals(comparison.layers.map(({ stack, layer }) => `${stack} ${layer}`), layers);
      for (const { stack, layer, relative } of comparison.layers) {
        assert(relative <= limit, `${stack} ${layer}: ${relative}`);
      }
      for (const { relative } of Object.values(comparison.outputs)) assert(relative <= limit);
      assertEquals(comparison.agreeing, comparison.rows);
    }
  });
}

Deno.test("compareModels() shows where a difference starts", async () => {
  const source = normkitModel(small);
  const wrong = changedModel(source, {
    number: (value, name, at) =>
      name === "blocks.2.feedForward.w1" && at === 3 ? value + 0.5 : value,
  });
  const { layers, outputs, rows } = await compareModels(
    source,
    wrong,
    { tokens: smallTokens },
    options,
  );
  assertEquals(layers.map(({ maxAbs }) => maxAbs > 0), [false, false, true]);
  assert(outputs["logits"]!.relative > 1e-3);
  assertEquals(rows, smallTokens.length);
});

Deno.test("compareModels() sees a factor of the stream as nothing, and a mean as nothing only to LayerNorm", async () => {
  for (const norm of ["layer", "rms"] as const) {
    const source = normkitModel({ ...small, norm });
    const seen = async (number: (value: number) => number): Promise<number> => {
      const other = changedModel(source, {
        number: (value, name) => /^(wte|wpe)$/.test(name) ? number(value) : value,
      });
      const { layers } = await compareModels(source, other, { tokens: smallTokens }, options);
      return layers[0]!.relative;
    };
    assert(await seen((value) => 8 * value) <= limit, "a factor");
    const shifted = await seen((value) => value + 1);
    assertEquals(shifted > limit, norm === "rms");
  }
});

Deno.test("compareModels() counts rows whose largest output stands elsewhere", async () => {
  const source = normkitModel(small);
  // columns 0 and 1 of the head exchanged
  const wrong = changedModel(source, { number: (value) => value });
  const tensors = {
    ...wrong.tensors,
    rows: async (name: string, first: number, count: number) => {
      const numbers = await source.tensors.rows(name, first, count);
      if (name !== "head.w") return numbers;
      return numbers.map((_, at) =>
        at % 9 === 0 ? numbers[at + 1]! : at % 9 === 1 ? numbers[at - 1]! : numbers[at]!
      );
    },
  };
  const { agreeing, rows } = await compareModels(source, { ...source, tensors }, {
    tokens: smallTokens,
  }, options);
  assertEquals(rows, 6);
  assert(agreeing < rows && agreeing > 0, `${agreeing}`);
});

Deno.test("compareModels() refuses models of other stacks, depths, lengths or outputs", async () => {
  const source = normkitModel(small);
  const against = (other: Model): Promise<unknown> =>
    compareModels(source, other, { tokens: smallTokens }, options);
  const deeper = normkitModel({ ...small, depth: 3 });
  await assertRejects(
    () => compareModels(deeper, source, { tokens: smallTokens }, options),
    RangeError,
    "Cannot compare layer 3 of the decoder: 36 and no numbers",
  );
  await assertRejects(
    () => against(normkitModel({ ...small, width: 8 })),
    RangeError,
    "Cannot compare layer 0 of the decoder: 36 and 48 numbers",
  );
  await assertRejects(
    () => against(normkitModel({ ...small, vocabulary: 10 })),
    RangeError,
    "Cannot compare logits: one model gives [6,9], the other [6,10]",
  );
  const heads = source.spec.heads.map((head) => ({ ...head, output: "others" }));
  await assertRejects(
    () => against({ ...source, spec: { ...source.spec, heads } }),
    RangeError,
    "Cannot compare logits: one model gives [6,9], the other nothing",
  );
});

Deno.test("compareModels() finds the largest of more outputs than a call takes arguments", async () => {
  const vocabulary = 250_880; // BLOOM's
  const source = normkitModel({
    ...small,
    width: 1,
    heads: 1,
    hidden: 1,
    depth: 1,
    vocabulary,
    bias: false,
  });
  const { agreeing, rows } = await compareModels(source, source, { tokens: [1, 2] }, options);
  assertEquals([agreeing, rows], [2, 2]);
});
