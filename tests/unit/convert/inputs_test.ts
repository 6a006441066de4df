// Random inputs, and tokens that a model can read.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { randomInputs, requireTokens, tokenLimits } from "../../../lib/convert/inputs.ts";
import { describeModel } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { goldenNames, goldenOf, openGolden, outputsOf } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";

Deno.test("randomInputs() are what every stack of every golden model reads", async () => {
  for (const name of goldenNames) {
    using model = await openGolden(name);
    const { inputs: golden } = await goldenOf(name);
    for (const inputs of randomInputs(model, 0, 2)) {
      assertEquals(Object.keys(inputs).sort(), Object.keys(golden).sort(), name);
      for (const kind of ["pixels", "video", "spectrogram"] as const) {
        assertEquals(inputs[kind]?.shape, golden[kind]?.shape, name);
      }
      assertEquals(inputs.features?.shape, golden.features?.shape, name);
      assertEquals(inputs.waveform?.shape.length, golden.waveform?.shape.length, name);
      const outputs = Object.values(await outputsOf(float64, model, inputs));
      assert(outputs.every(({ values }) => values.every(Number.isFinite)), name);
    }
  }
});

Deno.test("randomInputs() repeat with a seed, and differ among themselves and from another seed's", async () => {
  using clip = await openGolden("clip");
  const [first, second] = randomInputs(clip, 3, 2);
  assertEquals(randomInputs(clip, 3, 1), [first!]);
  const [other] = randomInputs(clip, 4, 1);
  for (const inputs of [second, other]) {
    assert(String(inputs!.tokens) !== String(first!.tokens));
    assert(String(inputs!.pixels!.values) !== String(first!.pixels!.values));
  }
  const { values } = first!.pixels!;
  const spread = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
  assert(spread > 0.8 && spread < 1.2, `${spread}`);
  assertEquals(randomInputs(clip, 0, 0), []);
});

Deno.test("randomInputs() have as many tokens as the context, up to 32", () => {
  const lengths = [8, 100].map((context) => {
    const [inputs] = randomInputs(normkitModel({ ...small, context }), 0, 1);
    assert(inputs!.tokens!.every((token) => Number.isInteger(token) && token >= 0 && token < 9));
    return inputs!.tokens!.length;
  });
  assertEquals(lengths, [8, 32]);
  const rotary = normkitModel({ ...small, width: 8, positions: "rotary" });
  assertEquals(randomInputs(rotary, 0, 1)[0]!.tokens!.length, 32);
});

Deno.test("randomInputs() end where a head reads the end of the text", async () => {
  using clip = await openGolden("clip");
  const text = { ...clip.config["text_config"] as Record<string, unknown>, eos_token_id: 7 };
  const model = describeModel(clip.family, { ...clip.config, text_config: text }, clip.tensors);
  for (const { tokens, ...others } of randomInputs(model, 0, 5)) {
    assertEquals(tokens!.at(-1), 7);
    await outputsOf(float64, model, { tokens: tokens!, ...others });
  }
});

Deno.test("tokenLimits() are the vocabulary and the context, less what positions leave out in front", async () => {
  const limits = async (name: string) => {
    using model = await openGolden(name);
    return tokenLimits(model);
  };
  assertEquals(await limits("gpt2"), { vocabulary: 40, context: 24, bounded: true });
  using opt = await openGolden("opt");
  assertEquals(opt.tensors.info("model.decoder.embed_positions.weight").shape, [26, 16]);
  assertEquals(await limits("opt"), { vocabulary: 40, context: 24, bounded: true });
  assertEquals(await limits("llama"), { vocabulary: 40, context: 8192, bounded: false });
  assertEquals(await limits("whisper"), { vocabulary: 40, context: 16, bounded: true });
  assertEquals(await limits("vit"), undefined);
});

Deno.test("requireTokens() refuses what a model cannot read, and says what it can", async () => {
  const model = normkitModel(small);
  assertEquals(requireTokens(model, [0, 8]), [0, 8]);
  const wrong: readonly (readonly [number[], string])[] = [
    [[], "the number of tokens = 0"],
    [new Array(9).fill(1), "the number of tokens = 9"],
    [[1, 9], "token = 9"],
    [[-1], "token = -1"],
    [[1.5], "token = 1.5"],
  ];
  for (const [tokens, message] of wrong) {
    assertThrows(() => requireTokens(model, tokens), RangeError, message);
  }
  using llama = await openGolden("llama"); // has no table of positions that would end
  assertThrows(
    () => requireTokens(llama, new Array(8193).fill(1)),
    RangeError,
    "Cannot use the number of tokens = 8193: it must be a whole number ≥ 1 and ≤ 8192",
  );
  using vit = await openGolden("vit");
  assertThrows(
    () => requireTokens(vit, [1]),
    RangeError,
    "Cannot give tokens to a model that reads none",
  );
});
